// SPDX-License-Identifier: Apache-2.0
// What `obsctl health` found, and its forms for people, scripts and monitoring systems. All are pure
// functions of the report, and all lead to the same exit code.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/units.hpp"
#include "lib/health/judge.hpp"
#include "lib/health/ledger.hpp"

namespace obsctl::health {

struct Report {
  std::string subject;  // directory of the stack, or URLs
  Time at;
  Duration took;
  std::vector<CheckResult> results;
  std::vector<LedgerLine> ledger;
};

// From which severity on a finding fails the run.
enum class FailOn { note, warning, error, never };

constexpr auto names_of(FailOn) {
  using enum FailOn;
  return std::to_array<Named<FailOn>>(
      {{note, "note"}, {warning, "warning"}, {error, "error"}, {never, "never"}});
}

// 3 with a finding of that severity or above, else 4 when something could not be checked, else 0.
[[nodiscard]] int exit_code_of(const Report& report, FailOn fail_on);

}  // namespace obsctl::health
