// SPDX-License-Identifier: Apache-2.0
// Each form of a report says the same, in the way that its readers expect, whatever a text contains.
#include "lib/health/report.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "lib/prom/exposition.hpp"
#include "tests/unit/health/report_sample.hpp"

using namespace obsctl;
using namespace obsctl::health;
using namespace obsctl::test;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

// Nothing that a terminal obeys.
bool harmless(const std::string& text) {
  return std::ranges::none_of(text,
                              [](char c) {
                                const auto byte = static_cast<unsigned char>(c);
                                return (byte < 0x20 && c != '\n') || byte == 0x7f;
                              }) &&
         !contains(text, "\xc2\x9b");
}

}  // namespace

TEST_CASE("the exit code follows the worst finding, then what could not be checked") {
  const Report all = sample_report();
  CHECK(exit_code_of(all, FailOn::note) == 3);
  CHECK(exit_code_of(all, FailOn::error) == 3);
  CHECK(exit_code_of(all, FailOn::never) == 4);

  const Report warned = report_of({failed("A", Severity::warning, "w")});
  CHECK(exit_code_of(warned, FailOn::warning) == 3);
  CHECK(exit_code_of(warned, FailOn::error) == 0);

  const Report noted = report_of({failed("A", Severity::note, "n")});
  CHECK(exit_code_of(noted, FailOn::note) == 3);
  CHECK(exit_code_of(noted, FailOn::warning) == 0);
  CHECK(verdict_of(noted) == Verdict::ok);

  CHECK(exit_code_of(report_of({well("A")}), FailOn::note) == 0);
}

TEST_CASE("unknown is never ok, and neither is a report of which everything was skipped") {
  const Report unknown = report_of({well("A"), unjudged("B", Status::unknown, "no answer")});
  CHECK(verdict_of(unknown) == Verdict::unknown);
  CHECK(exit_code_of(unknown, FailOn::warning) == 4);

  const Report skipped = report_of({unjudged("B", Status::skipped, "nobody was asked")});
  CHECK(verdict_of(skipped) == Verdict::unknown);
  CHECK(exit_code_of(skipped, FailOn::warning) == 4);
  CHECK(verdict_line(skipped) == "shop: nothing could be checked: 1 check skipped (2.9 s)");
  CHECK(verdict_of(report_of({})) == Verdict::unknown);
}

TEST_CASE("the verdict counts problems, and what was judged") {
  CHECK(verdict_line(sample_report()) ==
        "shop: 2 errors, 1 warning, 1 unknown, 2 skipped in 7 checks (2.9 s)");
  CHECK(verdict_line(report_of(
            {well("A"), well("A", "other"), well("B", ""), unjudged("C", Status::skipped, "x")})) ==
        "healthy: 3 checks of 2 components in 2.9 s, 1 skipped");
  Report given = report_of({failed("A", Severity::error, "e")});
  given.subject = "http://host:1, http://host:2";
  CHECK(verdict_line(given) == "http://host:1, http://host:2: 1 error in 1 check (2.9 s)");
}

TEST_CASE("results are read by category, the most serious and most urgent first") {
  std::vector<CheckResult> results = {well("SVC-1"), failed("DEL-1", Severity::warning, "w"),
                                      failed("DEL-2", Severity::error, "later"),
                                      failed("DEL-3", Severity::error, "sooner")};
  results[2].problems[0].seconds_to_loss = 100;
  results[3].problems[0].seconds_to_loss = 0;
  results.push_back(failed("DEL-4", Severity::error, "never"));
  const Report report = report_of(std::move(results));
  std::vector<std::string> ids;
  for (const auto* result : in_reading_order(report)) {
    ids.push_back(result->id);
  }
  CHECK(ids == std::vector<std::string>{"SVC-1", "DEL-3", "DEL-2", "DEL-4", "DEL-1"});
}

TEST_CASE("text has the verdict, what is not well with its reasons, and nothing else") {
  const std::string text = report_text(sample_report(), {.width = 80});
  CHECK(text ==
        R"(shop: 2 errors, 1 warning, 1 unknown, 2 skipped in 7 checks (2.9 s)

delivery: error
  error    DEL-2 receiver: the exporter delivers nothing
           read: http://localhost:1/metrics: exporter=otlp/store, used=0.5
           loss: in 12 s
           cause: the store does not answer
           fix: start it with
           `engine start store --and --wait --until --it --answers --all --the --questions --of --the --world`
  error    DEL-3 receiver: nothing is stored (because of DEL-2)
  warning  DEL-1 receiver: the queue is half full
           read: http://localhost:1/metrics

stores: unknown
  unknown  STO-1 store: all is well
           why: no answer in 2 s

ok: services
skipped 2: not so: the store answers (SVC-2)
)");
}

TEST_CASE("--all shows every check and the fixes of effects") {
  const std::string text = report_text(sample_report(), {.all = true, .width = 80});
  CHECK(contains(text, "services: ok\n  ok       SVC-1 receiver: all is well\n"));
  CHECK(contains(text, "fix: look elsewhere\n"));
  CHECK(contains(text, "  skipped  STO-2 store: all is well\n           why: not so: "));
}

TEST_CASE("two findings that explain each other both keep their fix") {
  std::vector<CheckResult> both = {failed("A", Severity::error, "a"),
                                   failed("B", Severity::error, "b")};
  both[0].explained_by = {"B"};
  both[1].explained_by = {"A"};
  both[0].problems[0].fix = "fix a";
  both[1].problems[0].fix = "fix b";
  const std::string text = report_text(report_of(std::move(both)), {});
  CHECK(contains(text, "fix: fix a\n"));
  CHECK(contains(text, "fix: fix b\n"));
}

TEST_CASE("a check with many problems does not push the others off the screen") {
  CheckResult many = failed("A", Severity::error, "the first");
  many.problems.resize(50, many.problems[0]);
  const Report report = report_of({std::move(many), failed("B", Severity::error, "the other")});
  const std::string text = report_text(report, {});
  CHECK(contains(text, "and 45 more of A; --all shows them\n"));
  CHECK(contains(text, "the other"));
  CHECK(lines(text) < 20);
  CHECK(lines(report_text(report, {.all = true})) > 50);
}

TEST_CASE("the ledger says where the items went") {
  Report report = report_of({well("A")});
  CHECK(ledger_text(report, false).empty());
  report.ledger = {{.component = "c",
                    .signal = "traces",
                    .accepted = 1200,
                    .stored = 1000,
                    .waiting = 85,
                    .sampled = 100,
                    .lost = {{"queue full", 12}, {"given up", 3}}}};
  const std::string text = report_text(report, {});
  CHECK(contains(text, "items per second  accepted  stored  waiting  filtered  lost  unknown"));
  CHECK(contains(text, "traces                1.2k      1k       85       100    15        0"));
  CHECK(contains(text, "lost traces: 3/s given up, 12/s queue full\n"));
  CHECK(contains(text, "filtered traces: 100/s by tail sampling\n"));
  report.ledger.push_back({.component = "d", .signal = "logs"});
  CHECK(contains(ledger_text(report, false), "collector  items per second"));
}

TEST_CASE("short has a line for the verdict and one for each problem") {
  const std::string text = report_short(sample_report());
  CHECK(lines(text) == 5);
  CHECK(contains(text, "\nerror: DEL-2 receiver: the exporter delivers nothing\n"));
  CHECK(contains(text,
                 "\nwarning: STO-1 store: could not be checked: all is well: no answer in 2 s\n"));
}

TEST_CASE("the table of --watch keeps within the screen") {
  Report report = sample_report();
  report.results[1].problems[0].message = std::string(300, 'x') + "ä";
  const std::string text = report_table(report, {.width = 80});
  CHECK(contains(text, "shop: 2 errors, 1 warning, 1 unknown, 2 skipped in 7 checks (2.9 s)"));
  CHECK(contains(text, "error    DEL-2  receiver   12 s"));
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    CHECK(end - start <= 80);
    start = end + 1;
  }
}

TEST_CASE("a time before now is no time to a loss") {
  CheckResult result = failed("A", Severity::warning, "w");
  result.problems[0].seconds_to_loss = -5;
  const Report report = report_of({std::move(result)});
  CHECK_FALSE(contains(report_text(report, {}), "loss:"));
  CHECK_FALSE(report_json(report)["checks"][0]["problems"][0].contains("seconds_to_loss"));
}

TEST_CASE("JSON has everything, by schema") {
  const auto json = report_json(sample_report());
  CHECK(json["schema"] == "obsctl.health/v1");
  CHECK(json["subject"] == "/srv/shop");
  CHECK(json["at"] == "2023-11-14T22:13:20Z");
  CHECK(json["verdict"] == "error");
  CHECK(json["counts"]["checks"] == 7);
  CHECK(json["counts"]["errors"] == 2);
  CHECK(json["checks"].size() == 7);
  const auto& first = json["checks"][1];
  CHECK(first["id"] == "DEL-2");
  CHECK(first["status"] == "error");
  CHECK(first["problems"][0]["seconds_to_loss"] == 12);
  CHECK(first["problems"][0]["labels"]["exporter"] == "otlp/store");
  CHECK_FALSE(first.contains("why"));
}

TEST_CASE("findings are the problems, and what could not be checked") {
  const Findings findings = findings_of(sample_report());
  CHECK(findings.size() == 4);
  CHECK(findings[0].id == "DEL-2");
  CHECK(findings[0].subject == "receiver");
  CHECK(findings[3].message == "could not be checked: all is well: no answer in 2 s");
  CHECK(findings[3].severity == Severity::warning);
}

TEST_CASE("a plugin's line has its own codes") {
  CHECK(
      report_nagios(sample_report(), FailOn::warning) ==
      "CRITICAL - shop: 2 errors, 1 warning, 1 unknown, 2 skipped in 7 checks (2.9 s); DEL-2 the "
      "exporter delivers nothing; DEL-3 nothing is stored; DEL-1 the queue is half full; 1 more | "
      "errors=2 warnings=1 notes=0 unknown=1 skipped=2 checks=7 time=2.900s\n");
  CHECK(nagios_exit_code(sample_report(), FailOn::warning) == 2);
  const Report warned = report_of({failed("A", Severity::warning, "w")});
  CHECK(nagios_exit_code(warned, FailOn::warning) == 1);
  CHECK(nagios_exit_code(warned, FailOn::error) == 0);
  CHECK(nagios_exit_code(report_of({unjudged("A", Status::unknown, "x")}), FailOn::warning) == 3);
  CHECK(
      report_nagios(report_of({well("A")}), FailOn::warning).starts_with("OK - healthy: 1 check"));
  CHECK(nagios_unknown({.message = "a | b\nc"}) == "UNKNOWN - a / b\\nc\n");
}

TEST_CASE("the exposition is one that can be read again") {
  for (const Report& report : {sample_report(), hostile_report()}) {
    const auto families = prom::parse_exposition(report_exposition(report), "report");
    REQUIRE(families);
    REQUIRE(families->size() == 3);
    const auto& status = families->front();
    CHECK(status.name == "obsctl_health_check_status");
    CHECK(status.samples.size() == report.results.size());
  }
  CHECK(contains(
      report_exposition(sample_report()),
      R"(obsctl_health_check_status{id="DEL-2",component="receiver",category="delivery"} 5)"));
}

TEST_CASE("nothing from outside leaves its place in any form") {
  const Report report = hostile_report();
  for (const std::string& text :
       {report_text(report, {}), report_text(report, {.all = true}), report_short(report),
        report_table(report, {}), report_nagios(report, FailOn::warning),
        report_exposition(report)}) {
    CAPTURE(text);
    CHECK(harmless(text));
  }
  const std::string plugin = report_nagios(report, FailOn::warning);
  CHECK(lines(plugin) == 1);
  CHECK(std::ranges::count(plugin, '|') == 1);
  CHECK(lines(report_short(report)) == 3);
  for (const Finding& finding : findings_of(report)) {
    CHECK(
        harmless(finding.id + finding.subject + finding.message + finding.evidence + finding.hint));
  }
}
