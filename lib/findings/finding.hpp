// SPDX-License-Identifier: Apache-2.0
// Finding: one thing that a check found, the same for every command that checks something, so that
// one set of printers serves sizes, files, running stacks and deployments.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"

namespace obsctl {

// From harmless to serious; only errors make a check fail.
enum class Severity { note, warning, error };

constexpr auto names_of(Severity) {
  return std::to_array<Named<Severity>>(
      {{Severity::note, "note"}, {Severity::warning, "warning"}, {Severity::error, "error"}});
}

struct Finding {
  std::string id;  // of the rule; stable, for example "disk.loki"
  Severity severity = Severity::error;
  std::string subject = {};             // what it is about: a component, a setting, a file's key
  std::optional<SourcePos> place = {};  // where in a file
  std::string message;                  // what is wrong, with the numbers; no full stop
  std::string evidence = {};            // what it was judged by: a formula, a document
  std::string hint = {};                // what to do; `settings` say to which values
  Settings settings = {};               // with which it would be right; may be empty
  std::vector<Settings> alternatives = {};  // other settings with which it would be right
};

using Findings = std::vector<Finding>;

// How many there are of each severity.
struct FindingCounts {
  std::size_t errors = 0;
  std::size_t warnings = 0;
  std::size_t notes = 0;
};

[[nodiscard]] FindingCounts count(const Findings& findings);
[[nodiscard]] bool any_error(const Findings& findings);

// Errors first, then warnings, then notes; within each as they were found.
void sort_by_severity(Findings& findings);

// A mistake in a file as a finding, with those that came with it (Error::more).
[[nodiscard]] Findings findings_of(const Error& error, const std::string& id);

}  // namespace obsctl
