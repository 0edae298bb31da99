// SPDX-License-Identifier: Apache-2.0
// Every row that is built in, and what the collector's rows find in its metrics, whatever these are
// called.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/checks/ledger.hpp"
#include "lib/sources/subject.hpp"
#include "tests/unit/health/readings.hpp"

namespace obsctl::health {
namespace {

std::vector<Check> checks_with(const char* spec_text) {
  OsFileSystem files;
  auto templates = stack::load_templates(files, Environment{}, {}, {});
  REQUIRE(templates.has_value());
  auto spec = read_spec(spec_text, "obsctl.yaml");
  REQUIRE(spec.has_value());
  auto stack = stack::assemble({}, *spec, std::move(*templates));
  REQUIRE(stack.has_value());
  auto checks = checks_of(*stack);
  INFO((checks ? "" : checks.error().at->str() + " " + checks.error().message));
  REQUIRE(checks.has_value());
  return std::move(*checks);
}

// One truth in the forms that versions and readers of the collector give it.
struct Form {
  const char* name;
  const char* total;         // behind counters
  const char* bytes;         // behind bytes
  const char* extra;         // labels of every series
  const char* signal_label;  // of queues
};
constexpr Form k_forms[] = {
    {"plain", "", "", "", "data_type"},
    {"service labels", "", "", ",service_name=\"otelcol\",service_instance_id=\"1\"", "data_type"},
    {"suffixes", "_total", "_bytes", ",service_name=\"otelcol\"", "data_type"},
    {"scope labels", "_total", "_bytes", ",otel_scope_name=\"x\",otel_scope_version=\"\"",
     "data_type"},
    {"unit words", "__spans__total", "_bytes", "", "otel_signal"},
};

struct Flow {
  double accepted, refused, sent, failed, full, queue;
};

std::string page(const Form& form, const Flow& flow) {
  const std::string total = form.total;
  std::string out;
  const auto counter = [&](const char* stem, const char* label, const char* of, double value) {
    out += fmt::format("otelcol_{}{}{{{}=\"{}\"{}}} {:e}\n", stem, total, label, of, form.extra,
                       value);
  };
  counter("receiver_accepted_spans", "receiver", "otlp", flow.accepted);
  counter("receiver_refused_spans", "receiver", "otlp", flow.refused);
  counter("exporter_sent_spans", "exporter", "otlp/traces", flow.sent);
  counter("exporter_send_failed_spans", "exporter", "otlp/traces", flow.failed);
  counter("exporter_enqueue_failed_spans", "exporter", "otlp/traces", flow.full);
  for (const auto& [gauge, value] : {std::pair{"size", flow.queue}, {"capacity", 1000.0}}) {
    out += fmt::format("otelcol_exporter_queue_{}{{exporter=\"otlp/traces\",{}=\"traces\"{}}} {}\n",
                       gauge, form.signal_label, form.extra, value);
  }
  return out;
}

// The ids of what the collector's rows find, with their severities and values.
std::string findings(const std::vector<Check>& checks, const Evidence& evidence) {
  std::string out;
  for (const CheckResult& result : judge(checks, evidence)) {
    if (!result.id.starts_with("COL-")) {
      continue;
    }
    CHECK(result.status != Status::unknown);
    for (const Problem& problem : result.problems) {
      out += fmt::format("{} {} {}\n", result.id, name_of(problem.severity), problem.message);
    }
  }
  return out;
}

// All that is found, without severities.
std::string all_findings(const std::vector<Check>& checks, const Evidence& evidence) {
  std::string out;
  for (const CheckResult& result : judge(checks, evidence)) {
    for (const Problem& problem : result.problems) {
      out += fmt::format("{} {}\n", result.id, problem.message);
    }
  }
  return out;
}

const CheckResult& result_of(const std::vector<CheckResult>& results, const std::string& id) {
  const auto found = std::ranges::find(results, id, &CheckResult::id);
  REQUIRE(found != results.end());
  return *found;
}

Evidence running(const std::string& component) {
  Evidence out;
  out.readings.push_back(reading(component, Source::container,
                                 "container_exists 1\ncontainer_running 1\ncontainer_paused 0\n"));
  out.readings.push_back(reading(component, Source::readiness, "probe_success 1\n"));
  return out;
}

Evidence collector(const Form& form, const Flow& before, const Flow& after) {
  Evidence out = running("otel-collector");
  out.readings.push_back(metrics_reading("otel-collector", page(form, before), page(form, after)));
  return out;
}

}  // namespace

TEST_CASE("every row of every component is valid") {
  CHECK(checks_with("tier: small\n").size() > 57);
  checks_with(
      "tier: small\nlogs: {backend: victorialogs}\ntraces: {backend: tempo}\nmetrics: {backend: victoriametrics}\n");
  checks_with("tier: small\nsecurity: {tls: self-signed}\n");
}

TEST_CASE("a backend that does not answer is found while no counter of failures moves") {
  const auto checks = checks_with("tier: small\n");
  const Flow before{5e6, 12, 4.2e6, 0, 0, 790};
  const Flow after{5.01e6, 12, 4.2e6, 0, 0, 830};
  for (const Form& form : k_forms) {
    INFO(form.name);
    const std::string found = findings(checks, collector(form, before, after));
    CHECK(
        found ==
        "COL-003 error exporter otlp/traces sends no traces: 830 of 1000 (83 %) wait, growing by 4/s; "
        "queue full in 42.5 s\n"
        "COL-005 error the queue of exporter otlp/traces for traces is 83 % full (830 of 1000)\n");
  }
}

TEST_CASE(
    "an exporter that gives up before its queue is full says so, and one that does not is silent") {
  const auto checks = checks_with("tier: small\n");
  const auto found = [&checks](const char* retry, double queue) {
    Evidence evidence =
        collector(k_forms[0], {0, 0, 100, 0, 0, queue - 100}, {2000, 0, 100, 0, 0, queue});
    evidence.readings.push_back(
        reading("otel-collector", Source::configuration,
                fmt::format("configured_retry_seconds{{exporter=\"otlp/traces\"}} {}\n", retry)));
    const std::string all = findings(checks, evidence);
    return all.substr(std::min(all.size(), all.find("COL-008")));
  };
  const std::string end =
      " and drops what it could not send of traces: it tries for 30 s, its queue would last 1.67 min\n";
  CHECK(found("30", 150) == "COL-008 error exporter otlp/traces gives up in 15 s" + end);
  CHECK(found("30", 350) == "COL-008 error exporter otlp/traces gives up in 0 ms" + end);
  CHECK(found("300", 150).empty());
  CHECK(found("0", 150).empty());
}

TEST_CASE("items that are lost for good are counted in any form of names") {
  const auto checks = checks_with("tier: small\n");
  const Flow before{1e6, 0, 1e6, 100, 0, 3};
  const Flow after{1.002e6, 0, 1.0018e6, 300, 0, 3};
  for (const Form& form : k_forms) {
    INFO(form.name);
    const Evidence evidence = collector(form, before, after);
    CHECK(
        findings(checks, evidence) ==
        "COL-004 error exporter otlp/traces loses 20/s items of traces for good (10 %): 20/s refused "
        "or given up, 0/s found the queue full\n");
    const auto lines = ledger(evidence);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].accepted == doctest::Approx(200));
    CHECK(lines[0].stored == doctest::Approx(180));
    CHECK(lines[0].lost_per_second() == doctest::Approx(20));
    CHECK(lines[0].unknown == doctest::Approx(0));
  }
}

TEST_CASE("what found the queue full is lost only when the sender was not told") {
  const auto line_of = [](const Flow& after) {
    return ledger(collector(k_forms[2], {0, 0, 0, 0, 0, 0}, after)).at(0);
  };
  using Reasons = std::map<std::string, double>;
  const LedgerLine told = line_of({500, 1300, 0, 0, 1300, 3});
  CHECK(told.lost.empty());
  CHECK(told.refusals == Reasons{{"queue full", 130}});
  CHECK(told.waiting == 50);
  CHECK(told.seconds == 10);
  const LedgerLine behind_a_batch = line_of({1800, 0, 0, 0, 1250, 3});
  CHECK(behind_a_batch.lost == Reasons{{"queue full", 125}});
  CHECK(behind_a_batch.refusals.empty());
  CHECK(behind_a_batch.waiting == 55);
  const LedgerLine for_another_reason = line_of({1000, 300, 1000, 0, 0, 0});
  CHECK(for_another_reason.refused == 30);
  CHECK(for_another_reason.refusals.empty());
}

TEST_CASE("a collector with detailed metrics says why it drops what it could not send") {
  Evidence evidence;
  evidence.readings.push_back(metrics_reading("otel-collector", "otelcol_process_uptime 1\n", R"(
otelcol_receiver_accepted_spans{receiver="otlp"} 100
otelcol_exporter_send_failed_spans{exporter="a",error_permanent="true",error_type="ResourceExhausted"} 10
otelcol_exporter_send_failed_spans{exporter="a",error_permanent="true",error_type="Unknown"} 20
otelcol_exporter_send_failed_spans{exporter="a",error_permanent="false",error_type="DeadlineExceeded"} 30
otelcol_exporter_send_failed_spans{exporter="b"} 40
)"));
  CHECK(ledger(evidence).at(0).lost ==
        std::map<std::string, double>{{"given up: DeadlineExceeded", 3},
                                      {"refused for good", 2},
                                      {"refused for good: ResourceExhausted", 1},
                                      {"refused or given up", 4}});
}

TEST_CASE("a healthy collector gives nothing: idle, loaded, or with counters of old trouble") {
  const auto checks = checks_with("tier: small\n");
  for (const auto& [before, after] : {std::pair<Flow, Flow>{{0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}},
                                      {{1e6, 12, 1e6, 5, 5, 2}, {1.1e6, 12, 1.1e6, 5, 5, 3}},
                                      {{1e6, 0, 1e6, 0, 0, 0}, {1.001e6, 0, 1e6, 0, 0, 1}}}) {
    CHECK(findings(checks, collector(k_forms[0], before, after)).empty());
  }
}

TEST_CASE("what needs a component that does not answer is skipped, not unknown and not ok") {
  const auto checks = checks_with("tier: small\n");
  Evidence evidence = collector(k_forms[0], {0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0});
  evidence.readings[1] = reading("otel-collector", Source::readiness,
                                 "probe_success{error=\"connection refused\"} 0\n");
  const auto results = judge(checks, evidence);
  const auto of = [&results](const std::string& id) {
    return *std::ranges::find_if(results, [&id](const CheckResult& one) {
      return one.id == id && one.component == "otel-collector";
    });
  };
  CHECK(of("SVC-002").status == Status::error);
  CHECK(of("SVC-002").problems[0].message ==
        "OpenTelemetry Collector is not ready: connection refused");
  CHECK(of("COL-003").status == Status::skipped);
  CHECK(of("COL-003").why == "not so: OpenTelemetry Collector answers (SVC-002)");
}

TEST_CASE("a source that could not be read makes its checks unknown") {
  const auto checks = checks_with("tier: small\n");
  Evidence evidence = collector(k_forms[0], {0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0});
  evidence.readings[2].samples.clear();
  evidence.readings[2].error = Error{.code = Code::unreachable, .message = "timed out"};
  for (const CheckResult& result : judge(checks, evidence)) {
    if (result.id.starts_with("COL-")) {
      CHECK(result.status == Status::unknown);
      CHECK(result.why == "http://localhost:8888/metrics could not be read: timed out");
    }
  }
}

TEST_CASE("of too many series the metric and the label are named") {
  const auto checks = checks_with("tier: small\n");
  const auto found = [&checks](const char* series) {
    const std::string head = fmt::format("prometheus_tsdb_head_series {}\n", series);
    Evidence evidence = running("prometheus");
    evidence.readings.push_back(metrics_reading("prometheus", head, head));
    evidence.readings.push_back(reading("prometheus", Source::prometheus,
                                        "series_of_metric{metric=\"cart_items\"} 90000\n"
                                        "series_of_metric{metric=\"up\"} 9\n"
                                        "label_value_count{label=\"user\"} 90000\n"
                                        "label_value_count{label=\"le\"} 12\n"));
    return all_findings(checks, evidence);
  };
  CHECK(found("100000").empty());
  CHECK(found("200000") ==
        "PRM-007 Prometheus holds 200000 series, more than the planned 125000\n"
        "PRM-017 metric cart_items has 90000 of all 200000 series\n"
        "PRM-018 label user has 90000 different values, and each begins a series\n");
}

TEST_CASE("a notification that is tried again and again is one that fails") {
  const auto checks = checks_with("tier: small\n");
  const std::string failed = "alertmanager_notifications_failed_total{integration=\"webhook\"} 0\n";
  const std::string requests =
      "alertmanager_notification_requests_failed_total{integration=\"webhook\"} ";
  Evidence evidence = running("alertmanager");
  evidence.readings.push_back(
      metrics_reading("alertmanager", failed + requests + "3\n", failed + requests + "8\n"));
  CHECK(all_findings(checks, evidence) ==
        "ALM-001 notifications by webhook fail: 0.5/s attempts, and 0/s are given up\n");
}

TEST_CASE("Loki that stopped writing when its disk was full is found, whatever it says of itself") {
  const auto checks = checks_with("tier: small\n");
  const auto found = [&checks](int full, int refused) {
    const auto page = [full](int errors) {
      return fmt::format(
          "loki_ingester_wal_disk_full_failures_total {}\n"
          "loki_request_duration_seconds_count{{route=\"/logproto.Pusher/Push\","
          "status_code=\"error\"}} {}\n",
          full, errors);
    };
    Evidence evidence = running("loki");
    evidence.readings.push_back(metrics_reading("loki", page(10), page(10 + refused)));
    return all_findings(checks, evidence);
  };
  CHECK(found(4, 30) == "LOK-002 Loki cannot write chunks or its write-ahead log\n");
  CHECK(found(4, 0).empty());
  CHECK(found(0, 30).empty());
}

TEST_CASE("a kill for lack of memory that is long over is no failure") {
  const auto checks = checks_with("tier: small\n");
  const auto severity = [&checks](const char* running, const char* seconds) {
    Evidence evidence;
    evidence.readings.push_back(
        reading("loki", Source::container,
                fmt::format("container_exists 1\ncontainer_running {}\ncontainer_oom_killed 1\n"
                            "container_age_seconds {}\ncontainer_memory_limit_bytes 1e9\n",
                            running, seconds)));
    for (const CheckResult& result : judge(checks, evidence)) {
      if (result.id == "SVC-003" && result.component == "loki") {
        REQUIRE(result.problems.size() == 1);
        return result.problems.front().severity;
      }
    }
    FAIL("Loki has no SVC-003");
    return Severity::warning;
  };
  CHECK(severity("1", "60") == Severity::error);
  CHECK(severity("0", "90000") == Severity::error);
  CHECK(severity("1", "90000") == Severity::note);
}

TEST_CASE("a loss quotes the last reason that the log has of its exporter and signal") {
  const Evidence evidence = {
      .at = {},
      .readings = {
          metrics_reading("otel-collector",
                          "otelcol_exporter_send_failed_log_records{exporter=\"a\"} 0\n",
                          "otelcol_exporter_send_failed_log_records{exporter=\"a\"} 50\n"
                          "otelcol_exporter_send_failed_spans{exporter=\"b\"} 50\n"),
          reading("otel-collector", Source::logs,
                  "exporter_refusal{exporter=\"a\",signal=\"traces\",reason=\"of traces\"} 1\n"
                  "exporter_refusal{exporter=\"a\",signal=\"logs\",reason=\"too old\"} 1\n"
                  "exporter_refusal{exporter=\"c\",reason=\"of another\"} 1\n")}};
  const auto results = judge(checks_with("tier: small\n"), evidence);
  const CheckResult& found = result_of(results, "COL-004");
  REQUIRE(found.problems.size() == 2);
  for (const Problem& problem : found.problems) {
    const bool logs = problem.labels.at("signal") == "logs";
    CHECK(problem.message.ends_with(logs ? "found the queue full; its last error: too old"
                                         : "found the queue full"));
    CHECK_FALSE(problem.labels.contains("reason"));  // another reason is no other problem
  }
  const auto lines = ledger(evidence);
  const auto line = std::ranges::find(lines, "logs", &LedgerLine::signal);
  REQUIRE(line != lines.end());
  CHECK(line->said == std::map<std::string, std::string>{{"a", "too old"}});
}

TEST_CASE("when more log records arrive than before, the services that sent them are named") {
  const std::string rose =
      "arriving_rose{signal=\"logs\"} 1\narriving_rate{signal=\"logs\"} 1100\n"
      "arriving_rate_before{signal=\"logs\"} 100\n";
  const std::string senders =
      "senders_rate{signal=\"logs\"} 1100\nsenders_rate_before{signal=\"logs\"} 100\n"
      "sender_rate{signal=\"logs\",service=\"noisy\"} 1010\n"
      "sender_rate_before{signal=\"logs\",service=\"noisy\"} 10\n"
      "sender_rate{signal=\"logs\",service=\"steady\"} 90\n"
      "sender_rate_before{signal=\"logs\",service=\"steady\"} 90\n";
  const auto checks = checks_with("tier: small\n");
  const auto found = [&checks](std::vector<Reading> readings) {
    return judge(checks, {.at = {}, .readings = std::move(readings)});
  };
  const auto both = found(
      {reading("prometheus", Source::senders, rose), reading("loki", Source::senders, senders)});
  const CheckResult& named = result_of(both, "LOG-002");
  REQUIRE(named.problems.size() == 1);
  CHECK(
      named.problems[0].message ==
      "service noisy brings 1.01k/s log records into the store, 10/s before: 100 % of what is more");
  CHECK(named.problems[0].fix.find("== \"noisy\"']}}`") != std::string::npos);
  CHECK(result_of(both, "LOG-001").explained_by == std::vector<std::string>{"LOG-002"});

  Reading silent = reading("loki", Source::senders, "");
  silent.error = Error{.message = "no answer"};
  const auto half = found({reading("prometheus", Source::senders, rose), silent});
  CHECK(result_of(half, "LOG-001").status == Status::warning);
  CHECK(result_of(half, "LOG-002").status == Status::unknown);

  // No history, no rise: nothing was asked of the store.
  for (const char* page : {"arriving_rose{signal=\"logs\"} 0\n",
                           "arriving_rose{signal=\"logs\"} 0\narriving_rate{signal=\"logs\"} 900\n"
                           "arriving_rate_before{signal=\"logs\"} 800\n"}) {
    const auto quiet =
        found({reading("prometheus", Source::senders, page), reading("loki", Source::senders, "")});
    CHECK(result_of(quiet, "LOG-001").status == Status::ok);
    CHECK(result_of(quiet, "LOG-002").status == Status::ok);
  }
}

TEST_CASE(
    "slow queries are named by the query log, and where there is none it says how to get it") {
  const std::string before =
      "prometheus_engine_query_duration_seconds_sum{slice=\"inner_eval\"} 10\n"
      "prometheus_engine_query_log_enabled 0\nprometheus_engine_queries 4\n"
      "prometheus_engine_queries_concurrent_max 20\n";
  const auto after = [&before](double sum, int enabled) {
    return replace_all(
        replace_all(before, "inner_eval\"} 10", fmt::format("inner_eval\"}} {}", sum)), "enabled 0",
        fmt::format("enabled {}", enabled));
  };
  const std::string log =
      "query_log_lines 100\nquery_log_seconds 50\n"
      "query_seconds{query=\"sum(a)\",asked_by=\"grafana\"} 40\n"
      "query_runs{query=\"sum(a)\",asked_by=\"grafana\"} 20\n"
      "query_slowest_seconds{query=\"sum(a)\",asked_by=\"grafana\"} 4\n"
      "query_seconds{query=\"up\",asked_by=\"rule group x\"} 1\n";
  const auto checks = checks_with("tier: small\n");
  const auto judged = [&](double sum, int enabled, const std::string& lines) {
    return judge(checks, {.at = {},
                          .readings = {metrics_reading("prometheus", before, after(sum, enabled)),
                                       reading("prometheus", Source::logs, lines)}});
  };
  const auto named = judged(40, 1, log);
  REQUIRE(result_of(named, "PRM-020").problems.size() == 1);
  CHECK(
      result_of(named, "PRM-020").problems[0].message ==
      "grafana asks sum(a): 80 % of the time of all queries in the log, 20 times, 4 s at the most");
  CHECK(result_of(named, "PRM-019").explained_by == std::vector<std::string>{"PRM-020"});
  CHECK(result_of(named, "PRM-021").status == Status::ok);

  const auto nameless = judged(40, 0, "log_lines 5\n");
  CHECK(result_of(nameless, "PRM-019").status == Status::warning);
  CHECK(result_of(nameless, "PRM-020").status == Status::ok);
  CHECK(result_of(nameless, "PRM-021").status == Status::note);
  CHECK(result_of(nameless, "PRM-021").problems[0].fix.find("query_log_file: /dev/stdout") !=
        std::string::npos);

  const auto well = judged(12, 1, log);  // logged, and not slow
  for (const char* id : {"PRM-019", "PRM-020", "PRM-021"}) {
    CHECK(result_of(well, id).status == Status::ok);
  }
}

TEST_CASE("a dashboard that waits long for its answers is named") {
  const auto checks = checks_with("tier: small\n");
  const auto results =
      judge(checks, {.at = {},
                     .readings = {reading("grafana", Source::logs,
                                          "dashboard_slow_requests{dashboard=\"abc\"} 50\n"
                                          "dashboard_requests{dashboard=\"abc\"} 60\n"
                                          "dashboard_slowest_seconds{dashboard=\"abc\"} 30\n"
                                          "dashboard_slow_requests{dashboard=\"quick\"} 1\n")}});
  const CheckResult& found = result_of(results, "GRF-002");
  REQUIRE(found.problems.size() == 1);
  CHECK(
      found.problems[0].message ==
      "dashboard abc waited 5 s or longer for 50 of the 60 answers that the log has of it, 30 s for one");
}

TEST_CASE("a part in brackets is left out when what it names is not there") {
  CHECK(fill_in("a[; b {b}]", {{"b", "it"}}, {}) == "a; b it");
  CHECK(fill_in("a[; b {b}] c", {}, {}) == "a c");
  CHECK(fill_in("rate(x[5m]) [{n:/s}]", {}, {{"n", 2}}) == "rate(x[5m]) 2/s");
  CHECK(fill_in("x[", {}, {}) == "x[");
}

TEST_CASE("braces of commands and queries stay") {
  CHECK(fill_in("{a:%} {b} {x=\"y\"} {{.State}} {a:s} {A}", {{"b", "it"}}, {{"a", 0.5}}) ==
        "50 % it {x=\"y\"} {{.State}} 500 ms {A}");
}

}  // namespace obsctl::health
