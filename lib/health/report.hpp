// SPDX-License-Identifier: Apache-2.0
// What `obsctl health` found, and its forms for people, scripts and monitoring systems. All are pure
// functions of the report, and all lead to the same exit code.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/units.hpp"
#include "lib/checks/judge.hpp"
#include "lib/checks/ledger.hpp"
#include "lib/findings/finding.hpp"

namespace obsctl::health {

struct Report {
  std::string subject;  // directory of the stack, or URLs
  Time at;
  Duration took;
  std::vector<CheckResult> results;
  std::vector<LedgerLine> ledger;
  Evidence evidence = {};
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

// The report in one word. `unknown`: nothing was found, but not everything could be checked.
enum class Verdict { ok, warning, error, unknown };

constexpr auto names_of(Verdict) {
  using enum Verdict;
  return std::to_array<Named<Verdict>>(
      {{ok, "ok"}, {warning, "warning"}, {error, "error"}, {unknown, "unknown"}});
}

[[nodiscard]] Verdict verdict_of(const Report& report);

struct ReportCounts {
  std::size_t checks = 0;  // the next three are checks as well
  std::size_t ok = 0;
  std::size_t skipped = 0;
  std::size_t unknown = 0;
  FindingCounts problems;  // a check may have several
};

[[nodiscard]] ReportCounts counts_of(const Report& report);

// The verdict with its numbers: "healthy: 34 checks of 7 components in 2.9 s".
[[nodiscard]] std::string verdict_line(const Report& report);

// How much a status asks of a person: what is skipped nothing, an error the most.
[[nodiscard]] int attention(Status status);

// How long until data is lost; 0: it is being lost now. Nothing where that is not known, or never
// comes: a queue that gets shorter gives a time before now.
[[nodiscard]] std::optional<double> time_to_loss(const Problem& problem);

// Results in the order in which people read them: by category, in each the most serious and most
// urgent first.
[[nodiscard]] std::vector<const CheckResult*> in_reading_order(const Report& report);

// True for a result that is explained by one that is itself not the effect of another.
[[nodiscard]] bool is_effect(const Report& report, const CheckResult& result);

// Problems, and checks that could not be judged, as the findings of any other command.
[[nodiscard]] Findings findings_of(const Report& report);

struct TextOptions {
  bool all = false;  // also what is well, with every problem of a check
  bool color = false;
  std::size_t width = 100;
};

// For people: the verdict, then what is not well by category with evidence, cause and fix, then the
// ledger.
[[nodiscard]] std::string report_text(const Report& report, const TextOptions& options);

// For a chat: the verdict, then a line for each problem.
[[nodiscard]] std::string report_short(const Report& report);

// For a terminal that shows one report after the other: a table of what is not well, and the ledger.
[[nodiscard]] std::string report_table(const Report& report, const TextOptions& options);

// The table of where the items of each signal went; empty without traffic.
[[nodiscard]] std::string ledger_text(const Report& report, bool color);

// Schema obsctl.health/v1.
[[nodiscard]] nlohmann::ordered_json report_json(const Report& report);

// The line of a monitoring plugin, "CRITICAL - text | numbers", and the exit code that goes with it
// (0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN).
[[nodiscard]] std::string report_nagios(const Report& report, FailOn fail_on);
[[nodiscard]] int nagios_exit_code(const Report& report, FailOn fail_on);

// The same for a check that did not come about.
[[nodiscard]] std::string nagios_unknown(const Error& error);
inline constexpr int k_nagios_unknown = 3;

// Prometheus' text format: obsctl_health_check_status of each check in the order of Status, 0 is ok.
[[nodiscard]] std::string report_exposition(const Report& report);

}  // namespace obsctl::health
