// SPDX-License-Identifier: Apache-2.0
// Incidents as results and evidence: which cause is named, what is ruled out, what stays open.
#include "lib/health/diagnose.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "lib/explain/explain.hpp"
#include "lib/io/filesystem.hpp"

using namespace obsctl;
using namespace obsctl::health;

namespace {

struct Known {
  catalog::Signatures signatures;
  DiagnosisRules rules;
};

const Known& known() {
  static const OsFileSystem k_files;
  static const Known k_known = [] {
    const TemplateStore store(k_files, {});
    auto signatures = read_signatures(store);
    auto rules = read_diagnosis_rules(store);
    REQUIRE(signatures);
    REQUIRE(rules);
    return Known{std::move(*signatures), std::move(*rules)};
  }();
  return k_known;
}

CheckResult ok(const std::string& id, const std::string& component) {
  CheckResult out;
  out.id = id;
  out.component = component;
  out.title = id + " is well";
  return out;
}

CheckResult unknown(const std::string& id, const std::string& component,
                    Status status = Status::unknown) {
  CheckResult out = ok(id, component);
  out.status = status;
  out.why = "nobody answers";
  return out;
}

CheckResult failed(const std::string& id, const std::string& component, const std::string& message,
                   std::optional<double> loss = {}, const Labels& labels = {},
                   const std::vector<std::string>& explained_by = {}) {
  CheckResult out = ok(id, component);
  out.status = Status::error;
  out.explained_by = explained_by;
  out.problems.push_back({.severity = Severity::error,
                          .labels = labels,
                          .message = message,
                          .fix = "mend " + id,
                          .seconds_to_loss = loss});
  return out;
}

CheckResult note(const std::string& id, const std::string& component, const std::string& message) {
  CheckResult out = ok(id, component);
  out.status = Status::note;
  out.problems.push_back({.severity = Severity::note, .message = message});
  return out;
}

// All that is well in a small stack, but for what `results` say instead.
std::vector<CheckResult> stack_with(std::vector<CheckResult> results) {
  const auto add = [&results](const std::string& id, const std::string& component) {
    const bool there = std::ranges::any_of(results, [&](const CheckResult& one) {
      return one.id == id && one.component == component;
    });
    if (!there) {
      results.push_back(ok(id, component));
    }
  };
  for (const char* component : {"gate", "traces", "metrics"}) {
    for (const char* id : {"SVC-001", "SVC-002", "SVC-003", "SVC-005"}) {
      add(id, component);
    }
  }
  for (const char* id : {"COL-001", "COL-002", "COL-003", "COL-004", "COL-005"}) {
    add(id, "gate");
  }
  add("PRM-003", "metrics");
  for (const char* id : {"STO-001", "STO-002", "CLK-001", "CRT-001"}) {
    add(id, "");
  }
  return results;
}

Reading log_of(const std::string& component, const std::vector<Labels>& lines) {
  Reading out{.component = component, .source = Source::logs, .from = "log", .samples = {}};
  out.samples.push_back({.name = "log_lines", .value = 100});
  for (const Labels& labels : lines) {
    out.samples.push_back({.name = "log_signature", .labels = labels, .value = 4});
  }
  return out;
}

Evidence traffic(const std::vector<Labels>& lines = {}) {
  Evidence out;
  Reading metrics{.component = "gate", .source = Source::metrics, .from = "page", .samples = {}};
  metrics.before.push_back({.name = "otelcol_receiver_accepted_items", .value = 1000});
  metrics.samples.push_back({.name = "otelcol_receiver_accepted_items", .value = 4000});
  metrics.seconds = 3;
  out.readings = {metrics, log_of("gate", lines)};
  return out;
}

LedgerLine spans(double accepted, double stored = 0) {
  LedgerLine out;
  out.component = "gate";
  out.signal = "traces";
  out.accepted = accepted;
  out.stored = stored;
  return out;
}

Diagnosis diagnosed(const std::vector<CheckResult>& results, const std::vector<LedgerLine>& ledger,
                    const Evidence& evidence) {
  return diagnose(results, ledger, evidence, known().signatures, known().rules);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool ruled_out(const Diagnosis& diagnosis, std::string_view what) {
  return std::ranges::any_of(diagnosis.ruled_out,
                             [what](const RuledOut& one) { return contains(one.what, what); });
}

std::ptrdiff_t lines_of(const std::string& text) {
  return std::ranges::count(text, '\n');
}

}  // namespace

TEST_CASE("a backend that stopped: one path, and what it is not") {
  const auto diagnosis =
      diagnosed(stack_with({failed("SVC-002", "traces", "Traces does not answer"),
                            failed("COL-003", "gate", "otlp/traces delivers nothing", 40,
                                   {{"exporter", "otlp/traces"}}, {"SVC-002"}),
                            failed("COL-005", "gate", "its queue fills", 40,
                                   {{"exporter", "otlp/traces"}}, {"COL-003"})}),
                {spans(1000)}, traffic());
  REQUIRE(diagnosis.paths.size() == 1);
  CHECK(diagnosis.paths[0].root.id == "SVC-002");
  CHECK(diagnosis.paths[0].effects.size() == 2);
  CHECK(diagnosis.paths[0].seconds_to_loss == 40);
  CHECK(diagnosis.paths[0].proof == Proof::proven);
  CHECK(contains(diagnosis.verdict, "otlp/traces delivers nothing"));
  CHECK(contains(diagnosis.verdict, "loss begins in 40 s"));
  for (const char* what : {"applications", "memory limiter", "DNS", "network"}) {
    CAPTURE(what);
    CHECK(ruled_out(diagnosis, what));
  }
  CHECK(contains(diagnosis_text(diagnosis), "1k/s arrive"));
}

TEST_CASE("a process that answers is not a pipeline that delivers") {
  const auto diagnosis = diagnosed(
      stack_with({failed("COL-003", "gate", "otlp delivers nothing", 90, {{"exporter", "otlp"}})}),
      {spans(500)}, traffic());
  CHECK(contains(diagnosis.verdict, "up and its pipeline does not deliver"));
  CHECK(diagnosis.paths[0].proof == Proof::proven);
  // Why is another question.
  CHECK(contains(diagnosis.unknown.front().what, "why"));
}

TEST_CASE("two independent faults stay two, the first to lose data first") {
  const auto results = stack_with({failed("STO-001", "metrics", "the disk is 96 % full", 3600),
                                   failed("SVC-002", "traces", "Traces does not answer"),
                                   failed("COL-003", "gate", "otlp/traces delivers nothing", 20,
                                          {{"exporter", "otlp/traces"}}, {"SVC-002", "STO-001"})});
  const auto diagnosis = diagnosed(results, {spans(1000)}, traffic());
  REQUIRE(diagnosis.paths.size() == 2);
  CHECK(diagnosis.paths[0].root.id == "SVC-002");
  CHECK(diagnosis.paths[1].root.id == "STO-001");
  CHECK(diagnosis.paths[1].effects.empty());
  CHECK(contains(diagnosis.verdict, "2 independent faults"));
}

TEST_CASE("a full disk elsewhere does not explain what goes to another store") {
  const auto diagnosis =
      diagnosed(stack_with({failed("STO-001", "metrics", "the disk is 96 % full", 3600),
                            failed("COL-003", "gate", "otlp/traces delivers nothing", 20,
                                   {{"exporter", "otlp/traces"}}, {"STO-001"})}),
                {spans(1000)}, traffic());
  REQUIRE(diagnosis.paths.size() == 2);
  CHECK(diagnosis.paths[0].root.id == "COL-003");
}

TEST_CASE("where nothing says what an exporter sends to, a cause is likely and not proven") {
  const auto diagnosis =
      diagnosed(stack_with({failed("SVC-002", "traces", "Traces does not answer"),
                            failed("COL-003", "gate", "otlp delivers nothing", 20,
                                   {{"exporter", "otlp"}}, {"SVC-002"})}),
                {spans(1000)}, traffic());
  REQUIRE(diagnosis.paths.size() == 1);
  CHECK(diagnosis.paths[0].proof == Proof::consistent);
  CHECK(contains(diagnosis.verdict, "cannot be proven"));
}

TEST_CASE("explanations in a circle end") {
  const auto diagnosis =
      diagnosed(stack_with({failed("COL-003", "gate", "a", {}, {}, {"COL-005"}),
                            failed("COL-005", "gate", "b", {}, {}, {"COL-003"})}),
                {}, traffic());
  CHECK_FALSE(diagnosis.paths.empty());
}

TEST_CASE("a line with two possible causes proves neither, and says what decides") {
  const auto diagnosis = diagnosed(
      stack_with({failed("COL-003", "gate", "otlp/traces delivers nothing", 20,
                         {{"exporter", "otlp/traces"}}),
                  unknown("SVC-002", "traces")}),
      {spans(1000)},
      traffic({{{"signature", "SIG-NOT-HTTP2"}, {"check", "COL-003"}, {"severity", "error"}}}));
  REQUIRE(diagnosis.paths.size() == 1);
  CHECK(diagnosis.paths[0].proof == Proof::consistent);
  CHECK(contains(diagnosis.paths[0].log.front().says, "either one of HTTP/1"));
  CHECK(contains(diagnosis.paths[0].decides, "openssl s_client"));
  CHECK(contains(diagnosis.verdict, "cannot be proven"));
}

TEST_CASE("nobody sends: the pipeline is not proven, unless a probe went through it") {
  Evidence quiet;
  quiet.readings.push_back(log_of("gate", {}));
  const auto idle = diagnosed(stack_with({}), {}, quiet);
  CHECK(contains(idle.verdict, "not proven by traffic"));
  CHECK(contains(idle.verdict, "obsctl health --probe"));
  Reading probe{.component = "", .source = Source::readiness, .from = "probe", .samples = {}};
  probe.samples.push_back({.name = "pipeline_probe_found", .value = 1});
  quiet.readings.push_back(probe);
  const auto proven = diagnosed(stack_with({}), {}, quiet);
  CHECK(contains(proven.verdict, "no application sends"));
  CHECK(contains(proven.verdict, "OTEL_*"));
  CHECK(contains(proven.unknown.front().what, "why no application sends"));
}

TEST_CASE("what is left out by configuration is no loss") {
  LedgerLine line = spans(1000, 100);
  line.sampled = 900;
  const auto diagnosis = diagnosed(stack_with({}), {line}, traffic());
  CHECK(diagnosis.paths.empty());
  CHECK(contains(diagnosis.verdict, "healthy: 10 % of traces are kept"));
  CHECK(contains(diagnosis.verdict, "as configured"));
}

TEST_CASE("old noise is no finding") {
  const auto diagnosis = diagnosed(
      stack_with({}), {spans(1000, 1000)},
      traffic({{{"signature", "SIG-GRAFANA-LOCKED"}, {"check", ""}, {"severity", "note"}}}));
  CHECK(diagnosis.verdict == "healthy");
}

TEST_CASE("a note is named, and stays a note") {
  const auto diagnosis =
      diagnosed(stack_with({note("PRM-001", "metrics", "job push exposes nothing")}),
                {spans(10, 10)}, traffic());
  CHECK(contains(diagnosis.verdict, "healthy; note: job push exposes nothing"));
}

TEST_CASE("what could not be checked is never healthy") {
  const auto diagnosis =
      diagnosed(stack_with({unknown("SVC-002", "traces")}), {spans(10, 10)}, traffic());
  CHECK_FALSE(contains(diagnosis.verdict, "healthy"));
  CHECK(contains(diagnosis.verdict, "1 check is unknown"));
  CHECK(contains(diagnosis.unknown.back().run, "SVC-002"));
}

TEST_CASE("who evaluates rules is down: no alert can fire") {
  const auto diagnosis =
      diagnosed(stack_with({failed("SVC-002", "metrics", "Metrics does not answer"),
                            unknown("PRM-003", "metrics", Status::skipped)}),
                {spans(10, 10)}, traffic());
  CHECK(contains(diagnosis.verdict, "no alert can fire"));
  CHECK(contains(diagnosis.verdict, "unknown and not ok"));
}

TEST_CASE("a scrape that is rejected is not a service that is down") {
  const auto diagnosis =
      diagnosed(stack_with({failed("PRM-002", "metrics", "api: sample limit exceeded"),
                            failed("PRM-001", "metrics", "api is down", {}, {}, {"PRM-002"})}),
                {spans(10, 10)}, traffic());
  REQUIRE(diagnosis.paths.size() == 1);
  CHECK(contains(diagnosis.verdict, "the service is well"));
  CHECK(ruled_out(diagnosis, "targets"));
}

TEST_CASE("an interrupted restore comes before everything that it stopped") {
  const auto diagnosis = diagnosed(
      stack_with({failed("JRN-001", "", "volume x is in the middle of a restore"),
                  failed("SVC-001", "traces", "Traces does not run", {}, {}, {"JRN-001"})}),
      {}, traffic());
  REQUIRE(diagnosis.paths.size() == 1);
  CHECK(contains(diagnosis.verdict, "a restore has to end before"));
}

TEST_CASE("a log tells why memory ended a process") {
  Evidence evidence = traffic();
  evidence.readings.push_back(log_of(
      "metrics", {{{"signature", "SIG-PROM-REPLAY"}, {"check", "SVC-003"}, {"severity", "note"}}}));
  const auto diagnosis =
      diagnosed(stack_with({failed("SVC-003", "metrics", "ended 6 times for memory")}),
                {spans(10, 10)}, evidence);
  CHECK(contains(diagnosis.verdict, "replaying the write-ahead log needs more memory"));
  CHECK(contains(diagnosis_text(diagnosis), "raise the memory limit for one start"));
  CHECK_FALSE(ruled_out(diagnosis, "memory"));
}

TEST_CASE("a clock explains refused lines") {
  const auto diagnosis =
      diagnosed(stack_with({failed("CLK-001", "", "the clock of host-b is 47 min behind"),
                            failed("LOK-001", "logs", "lines are refused", 0,
                                   {{"reason", "too_far_behind"}}, {"CLK-001"})}),
                {spans(10, 10)}, traffic());
  REQUIRE(diagnosis.paths.size() == 1);
  CHECK(diagnosis.paths[0].root.id == "CLK-001");
  CHECK(contains(diagnosis.verdict, "host-b"));
  CHECK(contains(diagnosis.verdict, "being lost now"));
}

TEST_CASE("many faults fit on one screen, and JSON has them all") {
  std::vector<CheckResult> results;
  for (int i = 0; i < 40; ++i) {
    results.push_back(failed("X-" + std::to_string(i), "traces", std::string(300, 'm'), i));
    results.push_back(unknown("Y-" + std::to_string(i), "traces"));
  }
  CheckResult rules = failed("PRM-004", "metrics", "rule a cannot fire");
  for (int i = 0; i < 8; ++i) {
    rules.problems.push_back(rules.problems.front());
  }
  results.push_back(rules);
  const auto diagnosis = diagnosed(results, {}, {});
  CHECK(diagnosis.paths.size() == 41);
  CHECK(diagnosis.paths.back().root.more == 8);
  CHECK(lines_of(diagnosis_text(diagnosis)) <= 25);
  CHECK(contains(diagnosis_text(diagnosis), "-o json"));
  const auto json = diagnosis_json(diagnosis);
  CHECK(json["schema"] == "obsctl.health.diagnose/v1");
  CHECK(json["paths"].size() == 41);
}
