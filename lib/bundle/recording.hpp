// SPDX-License-Identifier: Apache-2.0
// What a check saw, with what was checked, as one file: enough to judge it again without the stack.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/checks/evidence.hpp"
#include "lib/health/report.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::bundle {

// The file of a support archive that is judged; it may also stand alone.
inline constexpr auto k_evidence_file = "evidence.json";

struct Recording {
  std::string version;  // of the obsctl that wrote it
  std::string subject;  // the directory of the stack, or URLs
  std::string spec;     // the text of its obsctl.yaml; empty: programs were given
  std::vector<health::GivenEndpoint> given = {};
  Duration took;
  health::Evidence evidence;
};

// Schema obsctl.health.evidence/v1: `obsctl`, `subject`, `seconds`, `spec` or `given` (a list of
// `component` and `url`), and what lib/checks/evidence_json.hpp says.
[[nodiscard]] nlohmann::ordered_json recording_json(const Recording& recording);

// Of a support archive or of its evidence alone, which may come from anybody; `name` is the file's.
// Errors (Code::config): it is neither, unpacks to more than 16 MiB, is too deep, has another
// schema, or a member is missing or of another type, which the message names.
[[nodiscard]] Result<Recording> read_recording(std::string_view bytes, const std::string& name);

// What was checked, for this version's checks. Nothing of it can be asked. Errors: its obsctl.yaml is
// not valid; it has a component that is neither built in nor in one of `template_dirs`.
[[nodiscard]] Result<health::Subject> subject_of(const health::Services& services,
                                                 const Recording& recording,
                                                 const std::vector<std::string>& template_dirs);

// The report of then by the checks of `subject`; its subject says that it was recorded, and when.
[[nodiscard]] health::Report judged(const Recording& recording, const health::Subject& subject);

}  // namespace obsctl::bundle
