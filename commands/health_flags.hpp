// SPDX-License-Identifier: Apache-2.0
// The flags of `obsctl health check`, and whom they ask about.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "lib/base/choice.hpp"
#include "lib/base/units.hpp"
#include "lib/bundle/recording.hpp"
#include "lib/health/run.hpp"

namespace obsctl {

enum class HealthFormat { text, brief, json, junit, nagios, exposition, github, sarif };

constexpr auto names_of(HealthFormat) {
  using enum HealthFormat;
  return std::to_array<Named<HealthFormat>>({{text, "text"},
                                             {brief, "short"},
                                             {json, "json"},
                                             {junit, "junit"},
                                             {nagios, "nagios"},
                                             {exposition, "prometheus"},
                                             {github, "github"},
                                             {sarif, "sarif"}});
}

// What --probe sends.
enum class ProbeWith { telemetry, alert };

constexpr auto names_of(ProbeWith) {
  return std::to_array<Named<ProbeWith>>(
      {{ProbeWith::telemetry, "telemetry"}, {ProbeWith::alert, "alert"}});
}

// Whom every command of the group asks about.
struct SubjectFlags {
  std::optional<std::string> dir;
  std::vector<std::string> template_dirs;
  std::vector<std::string> endpoints;    // COMPONENT=URL
  std::optional<std::string> query_url;  // of what answers queries for metrics
  std::optional<std::string> entry_url;  // of what receives telemetry
  std::optional<std::string> from;       // a file with what was seen elsewhere
};

[[nodiscard]] std::vector<Flag> subject_flags(SubjectFlags& flags);
// For commands that judge what was seen elsewhere; `excludes` are those of their flags that ask a stack.
[[nodiscard]] Flag from_flag(SubjectFlags& flags, std::vector<std::string> excludes);
// Which checks are run, and which of their findings are a failure.
[[nodiscard]] std::vector<Flag> judging_flags(health::Selection& selection,
                                              health::FailOn& fail_on);
// How its components are asked.
[[nodiscard]] std::vector<Flag> gather_flags(health::GatherOptions& options);

struct HealthFlags {
  SubjectFlags subject;
  health::GatherOptions gather;
  health::Selection selection;
  std::vector<ProbeWith> probe;    // empty: nothing is sent
  std::optional<Duration> within;  // absent: what the stack's own delays add up to
  health::FailOn fail_on = health::FailOn::warning;
  std::optional<Duration> wait;
  bool watch = false;
  bool list = false;
  bool all = false;
  std::optional<std::string> bundle;  // the support archive that is written
  bool force = false;
  HealthFormat output = HealthFormat::text;
  std::optional<std::string> to;  // the file that takes the result

  [[nodiscard]] bool probes(ProbeWith what) const;
};

[[nodiscard]] std::vector<Flag> health_check_flags(HealthFlags& flags);

// Refuses what cannot go together.
[[nodiscard]] Result<void> check_flags(const HealthFlags& flags);

// A subject, with what was seen of it elsewhere.
struct Recorded {
  bundle::Recording recording;
  health::Subject subject;
};

// Reads the file of --from. Errors: those of bundle::read_recording and bundle::subject_of.
[[nodiscard]] Result<Recorded> open_recorded(const health::Services& services,
                                             const SubjectFlags& flags);

// The stack or the programs that the flags name. Errors: those of health::open_stack and
// given_programs; a value that is not COMPONENT=URL.
[[nodiscard]] Result<health::Subject> open_subject(const health::Services& services,
                                                   const SubjectFlags& flags);

}  // namespace obsctl
