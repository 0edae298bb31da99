// SPDX-License-Identifier: Apache-2.0
// Which containers obsctl has stopped and has to start again: written before the first one stops, so
// that whoever comes next knows, after a kill or a restart of the host.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/io/directory.hpp"

namespace obsctl::quiesce {

// A container that ran. Compose makes a new one when its settings change, so the service counts, and
// the id only where there is none.
struct Stopped {
  std::string id;
  std::string name;
  std::string project = {};
  std::string service = {};
  bool operator==(const Stopped&) const = default;
};

struct Journal {
  Time at;                       // when the first was stopped
  std::vector<Stopped> stopped;  // in the order in which they were stopped
  bool operator==(const Journal&) const = default;
};

// stopped.json, schema obsctl.stopped/v1, mode 0600.
[[nodiscard]] std::string print_journal(const Journal& journal);

// `file` names it in errors. Errors: Code::integrity for what is no journal of this version.
[[nodiscard]] Result<Journal> parse_journal(std::string_view text, const std::string& file);

}  // namespace obsctl::quiesce
