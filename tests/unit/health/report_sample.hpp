// SPDX-License-Identifier: Apache-2.0
// A report with one result of each kind, for the tests of its forms.
#pragma once

#include <string>
#include <utility>

#include "lib/health/report.hpp"

namespace obsctl::test {

inline health::CheckResult well(std::string id, std::string component = "receiver") {
  return {.id = std::move(id), .component = std::move(component), .title = "all is well"};
}

inline health::CheckResult failed(std::string id, Severity severity, std::string message) {
  health::CheckResult out = well(std::move(id));
  out.category = catalog::HealthCategory::delivery;
  out.status = severity == Severity::error     ? health::Status::error
               : severity == Severity::warning ? health::Status::warning
                                               : health::Status::note;
  out.problems = {{.severity = severity, .message = std::move(message)}};
  out.from = {"http://localhost:1/metrics"};
  return out;
}

inline health::CheckResult unjudged(std::string id, health::Status status, std::string why) {
  health::CheckResult out = well(std::move(id), "store");
  out.category = catalog::HealthCategory::stores;
  out.status = status;
  out.why = std::move(why);
  return out;
}

inline health::Report report_of(std::vector<health::CheckResult> results) {
  return {.subject = "/srv/shop",
          .at = Time(std::chrono::seconds(1'700'000'000)),
          .took = {2.9},
          .results = std::move(results),
          .ledger = {}};
}

// An error with its effect, a warning that is worse than its place, unknown, skipped, well.
inline health::Report sample_report() {
  health::CheckResult warning = failed("DEL-1", Severity::warning, "the queue is half full");
  health::CheckResult error = failed("DEL-2", Severity::error, "the exporter delivers nothing");
  error.problems[0].labels = {{"exporter", "otlp/store"}};
  error.problems[0].values = {{"seconds_to_loss", 12}, {"used", 0.5}};
  error.problems[0].seconds_to_loss = 12;
  error.problems[0].cause = "the store does not answer";
  error.problems[0].fix =
      "start it with `engine start store --and --wait --until --it --answers "
      "--all --the --questions --of --the --world`";
  health::CheckResult effect = failed("DEL-3", Severity::error, "nothing is stored");
  effect.problems[0].fix = "look elsewhere";
  effect.explained_by = {"DEL-2"};
  return report_of(
      {well("SVC-1"), std::move(warning), std::move(error), std::move(effect),
       unjudged("STO-1", health::Status::unknown, "no answer in 2 s"),
       unjudged("STO-2", health::Status::skipped, "not so: the store answers (SVC-2)"),
       unjudged("STO-3", health::Status::skipped, "not so: the store answers (SVC-2)")});
}

// Texts that try to leave their place in every format.
inline health::Report hostile_report() {
  health::CheckResult bad = failed("A-1", Severity::error,
                                   "a | b\nOK - fine\x1b[2J\xc2\x9b"
                                   "31m");
  bad.component = "x\"} 0\ny\\";
  bad.from = {"http://h/\x1b]0;t\x07"};
  bad.problems[0].labels = {{"k\n", "\x1b[31m"}};
  bad.problems[0].cause = "\r";
  bad.problems[0].fix = "`\x08`";
  health::CheckResult unknown =
      unjudged("A-2", health::Status::unknown, "\x1b[1mwhy\xff\n::error::x");
  health::CheckResult skipped = unjudged("A-3", health::Status::skipped, "\x1b[1m");
  health::Report out = report_of({std::move(bad), std::move(unknown), std::move(skipped)});
  out.subject = "/srv/\x1b[1m\n";
  out.ledger = {{.component = "c\x1b", .signal = "s\n", .accepted = 1, .lost = {{"\x1b", 1}}}};
  return out;
}

}  // namespace obsctl::test
