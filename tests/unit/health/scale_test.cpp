// SPDX-License-Identifier: Apache-2.0
// What to scale: from answers of engine, pages and Prometheus to the advice.
#include "lib/health/scale.hpp"

#include "lib/catalog/scaling.hpp"
#include "tests/unit/health/source_fixture.hpp"

namespace obsctl::test {
namespace {

using namespace health;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A stack in which the collector's container, its page and Prometheus answer.
struct BusyStack : AskedStack {
  BusyStack() {
    http.json("http://localhost/containers/json",
              R"([{"Id":"id0c","State":"running","Status":"Up 2 hours",
                   "Labels":{"com.docker.compose.service":"otel-collector"}}])");
    http.json("http://localhost/containers/id0c/json",
              R"({"State":{"Status":"running","Running":true,"StartedAt":")" + moment(clock, 7200) +
                  R"("},"HostConfig":{"Memory":1000,"NanoCpus":500000000}})");
    http.json("http://localhost:9090/api/v1/query",
              R"({"status":"success","data":{"resultType":"vector","result":[]}})");
    reads(0);
    clock.on_sleep = [this] { reads(3); };
  }

  // Seconds later: 0.45 of 0.5 cores, 2000 spans/s and 100 log records/s, a queue that is half full.
  void reads(int seconds) {
    http.json("http://localhost/containers/id0c/stats",
              fmt::format(R"({{"memory_stats":{{"usage":500}},"cpu_stats":{{
                "cpu_usage":{{"total_usage":{}}},
                "throttling_data":{{"periods":{},"throttled_periods":{}}}}}}})",
                          450'000'000LL * seconds, 10 * seconds, 4 * seconds));
    http.json(
        "http://localhost:8888/metrics",
        fmt::format("otelcol_receiver_accepted_spans_total{{receiver=\"otlp\"}} {}\n"
                    "otelcol_receiver_accepted_log_records_total{{receiver=\"otlp\"}} {}\n"
                    "otelcol_exporter_queue_size{{exporter=\"x\",data_type=\"logs\"}} 60\n"
                    "otelcol_exporter_queue_capacity{{exporter=\"x\",data_type=\"logs\"}} 100\n",
                    2000 * seconds, 100 * seconds));
    http.json("http://localhost:9090/metrics", "prometheus_tsdb_head_series 30000\n");
  }
  // To every question about history.
  void history(const std::string& row) {
    http.json("http://localhost:9090/api/v1/query",
              R"({"status":"success","data":{"resultType":"vector","result":[)" + row + "]}}");
  }
  ScaleAdvice advice() {
    auto out = scale(services, subject, {});
    REQUIRE_MESSAGE(out, (out ? "" : out.error().message));
    return *out;
  }
};

const ScaleLine* line(const ScaleAdvice& advice, const std::string& part,
                      const std::string& title) {
  for (const ScaleLine& one : advice.lines) {
    if (one.part == part && one.title == title) {
      return &one;
    }
  }
  return nullptr;
}

constexpr const char* k_plan = R"(
load:
  spans: {component: a, reads: metrics, use: a}
  lines: {component: a, reads: metrics, use: a}
  series: {component: a, reads: metrics, use: a}
measures:
)";

std::string refusal(const std::string& measures) {
  const auto plan = catalog::parse_scaling({k_plan + measures, "scaling.yaml"});
  REQUIRE_FALSE(plan);
  return plan.error().message;
}

}  // namespace

TEST_CASE("what is used nearly up is to be scaled, and the rest has its head room") {
  BusyStack stack;
  const ScaleAdvice advice = stack.advice();
  const ScaleLine* cpu = line(advice, "otel-collector", "CPU");
  REQUIRE(cpu != nullptr);
  CHECK(cpu->use == doctest::Approx(0.9));
  CHECK(cpu->must_scale());
  CHECK(cpu->says == "90 % of its 0.5 cores, held back in 40 % of all periods");
  CHECK(
      has(cpu->fix, "`obsctl init --set components.otel-collector.cpus=N`, then `docker compose"));
  const ScaleLine* queue = line(advice, "otel-collector", "sending queue");
  REQUIRE(queue != nullptr);
  CHECK(queue->must_scale());
  CHECK(queue->says == "60 % of the queue of exporter x for logs is full");
  CHECK(queue->labels == Labels{{"exporter", "x"}, {"signal", "logs"}});
  const ScaleLine* memory = line(advice, "otel-collector", "memory");
  REQUIRE(memory != nullptr);
  CHECK_FALSE(memory->must_scale());
  CHECK(*memory->room() == doctest::Approx(1.7));
  CHECK(advice.to_scale() == 2);
  // What is nearest to its end comes first.
  CHECK(advice.lines[0].title == "sending queue");
  CHECK(advice.lines[1].title == "CPU");
  CHECK(exit_code_of(advice) == exit_code::findings);
}

TEST_CASE("the load that arrives becomes a command, and the next tier is named") {
  BusyStack stack;
  const ScaleAdvice advice = stack.advice();
  CHECK(advice.load.spans->per_second == doctest::Approx(2000));
  CHECK(advice.load.lines->per_second == doctest::Approx(100));
  CHECK(*advice.load.series == 30000);
  CHECK(advice.size_command.starts_with(
      "obsctl size --spans 2k/s --lines 100/s --series 30k --spec '"));
  CHECK(advice.tier.name == "small");
  CHECK(advice.tier.next == "medium");
  CHECK(advice.tier.wanted == "small");
  const std::string text = scale_text(advice, false, 100);
  CHECK(text.starts_with("2 of "));
  CHECK(has(text, "\nLoad: spans 2k/s, log records 100/s, series 30k\n"));
  CHECK(has(text, "`obsctl size --tier medium --compare small`"));
  CHECK(std::ranges::count(text, '\n') <= 40);
}

TEST_CASE("what only history knows is asked, and no answer is no measure") {
  BusyStack stack;
  CHECK(line(stack.advice(), "prometheus", "slowest of a hundred queries") == nullptr);
  stack.history(R"({"metric":{"mountpoint":"/"},"value":[1,"7.5"]})");
  const ScaleAdvice advice = stack.advice();
  const ScaleLine* slow = line(advice, "prometheus", "slowest of a hundred queries");
  REQUIRE(slow != nullptr);
  CHECK(slow->must_scale());
  CHECK(slow->says == "one of a hundred queries took 7.5 s in the last hour");
  stack.history(R"({"metric":{"mountpoint":"/"},"value":[1,"0.4"]})");
  const ScaleAdvice quiet = stack.advice();
  CHECK_FALSE(line(quiet, "prometheus", "slowest of a hundred queries")->must_scale());
  CHECK(line(quiet, "node-exporter", "disk")->says == "40 % of the file system / is used");
}

TEST_CASE("who does not answer is unknown and no reason to scale") {
  BusyStack stack;
  stack.http.answers.clear();
  const ScaleAdvice advice = stack.advice();
  CHECK(advice.lines.empty());
  CHECK_FALSE(advice.unknown.empty());
  CHECK(advice.size_command.empty());
  CHECK(exit_code_of(advice) == exit_code::unavailable);
  const std::string text = scale_text(advice, false, 100);
  CHECK(text.starts_with("nothing is known\n"));
  CHECK(has(text, "\nNot known:\n    "));
  CHECK(has(text, " more\n"));
}

TEST_CASE("that nothing needs to be scaled is an answer") {
  ScaleAdvice advice{.subject = "/srv/shop", .at = {}};
  advice.lines = {{.part = "a", .title = "CPU", .use = 0.2, .high = 0.8, .unit = "%"},
                  {.part = "a", .title = "memory", .use = 0.1, .high = 0.8, .unit = "%"},
                  {.part = "b", .title = "queue", .use = 0, .high = 0.5, .unit = "%"}};
  CHECK(exit_code_of(advice) == exit_code::ok);
  const std::string text = scale_text(advice, false, 100);
  CHECK(text.starts_with(
      "nothing needs to be scaled: nearest to it is a CPU, which may grow 4 times\n"));
  CHECK(has(text, "not used"));
  CHECK_FALSE(has(text, "memory"));
  CHECK_FALSE(has(text, "Load:"));
  const auto json = scale_json(advice);
  CHECK(json.at("schema") == "obsctl.health.scale/v1");
  CHECK(json.at("to_scale") == 0);
  CHECK(json.at("measures").size() == 3);
  CHECK(json.at("measures").at(0).at("may_grow") == 4.0);
  CHECK(json.at("measures").at(2).at("may_grow").is_null());
  CHECK(json.at("load").at("series").is_null());
}

TEST_CASE("programs that are given by their URLs have no plan and no tier") {
  BusyStack stack;
  auto given = given_programs(stack.services, {{"otel-collector", "http://localhost:8888"},
                                               {"prometheus", "http://localhost:9090"}});
  REQUIRE(given);
  const auto advice = scale(stack.services, *given, {});
  REQUIRE(advice);
  CHECK(line(*advice, "otel-collector", "sending queue") != nullptr);
  CHECK(line(*advice, "otel-collector", "planned spans") == nullptr);
  CHECK(advice->tier.name.empty());
  CHECK(advice->size_command == "obsctl size --spans 2k/s --lines 100/s --series 30k");
}

TEST_CASE("a measure that makes no sense is refused") {
  CHECK(has(refusal("  m: {title: t, high: 1, says: s, fix: f}\n"), "needs either 'use' or"));
  CHECK(has(refusal("  m: {title: t, high: 1, says: s, fix: f, use: a, query: b}\n"),
            "needs either"));
  CHECK(has(refusal("  m: {title: t, high: 1, says: s, fix: f, use: a}\n"), "reads"));
  CHECK(has(refusal("  m: {title: t, high: x, says: s, fix: f, query: a}\n"), "high"));
}

}  // namespace obsctl::test
