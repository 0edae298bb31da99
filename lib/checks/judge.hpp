// SPDX-License-Identifier: Apache-2.0
// Judges evidence by the checks: pure, so that every check is tested against recorded evidence.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/catalog/health.hpp"
#include "lib/checks/evidence.hpp"
#include "lib/checks/expression.hpp"
#include "lib/findings/finding.hpp"

namespace obsctl::health {

// From harmless to serious. `unknown` is never ok: what could not be read says so.
enum class Status { ok, note, skipped, unknown, warning, error };

constexpr auto names_of(Status) {
  using enum Status;
  return std::to_array<Named<Status>>({{ok, "ok"},
                                       {note, "note"},
                                       {skipped, "skipped"},
                                       {unknown, "unknown"},
                                       {warning, "warning"},
                                       {error, "error"}});
}

// Of a check with a problem of this severity.
[[nodiscard]] Status status_of(Severity severity);

// One thing that a check found wrong.
struct Problem {
  Severity severity = Severity::error;
  std::map<std::string, std::string> labels = {};  // that tell it apart: exporter, signal, …
  std::map<std::string, double> values = {};       // those of the row
  std::string message = {};
  std::string cause = {};
  std::string fix = {};
  std::optional<double> seconds_to_loss = {};  // 0: data is being lost now; nothing: not known
};

struct CheckResult {
  std::string id;
  catalog::HealthCategory category = catalog::HealthCategory::services;
  std::string component = {};  // empty: the stack
  std::string title = {};
  Status status = Status::ok;
  std::vector<Problem> problems = {};          // most serious first
  std::string why = {};                        // of unknown and skipped: "Loki is down"
  std::vector<std::string> from = {};          // what was read
  std::vector<std::string> explained_by = {};  // ids of failed checks whose effect this is
};

// A check whose expressions were parsed.
struct Check {
  catalog::HealthCheck row;
  std::vector<Source> reads;
  std::vector<std::pair<Severity, Expression>> conditions;  // most serious first
  std::vector<std::pair<std::string, Expression>> values;
};

// Errors: an expression, a source, a check that `needs` or `explained_by` names and that is not
// there, a circle of needs, an id used twice for one component; all of them (Error::more).
// `left_out` are ids of checks that exist and that this stack does not need: they may be named.
[[nodiscard]] Result<std::vector<Check>> compile(std::vector<catalog::HealthCheck> rows,
                                                 const std::set<std::string>& left_out = {});

// One result for each check, in their order. A check is unknown when a source that it reads gave an
// error or lacks a metric without which it says nothing; skipped when a check that it needs found an
// error, or nobody was asked.
[[nodiscard]] std::vector<CheckResult> judge(const std::vector<Check>& checks,
                                             const Evidence& evidence);

// A text with labels and values in braces filled in: {exporter}, and numbers with a format behind a
// colon: {share:%} {full_in:s} {used:B} {rate:/s}. What is not there stays "?"; a part in [brackets]
// that names it is left out.
[[nodiscard]] std::string fill_in(std::string_view text, const Labels& labels,
                                  const std::map<std::string, double>& values);

}  // namespace obsctl::health
