// SPDX-License-Identifier: Apache-2.0
// The questions of every find.yaml, the documented delays, and mistakes in such a file.
#include <algorithm>
#include <map>

#include "lib/probe/find.hpp"
#include "tests/unit/health/probe_bed.hpp"

using namespace obsctl;
using namespace obsctl::health;
using obsctl::test::decoded;

namespace {

struct Case {
  std::vector<std::string> settings;
  std::string component;
  std::string target;  // decoded
  std::string answer;  // with the item, as the store writes it
  double budget;
};

const std::string k_id = "4bf92f3577b34da6a3ce929d0e0e4736";

ProbeIdentity identity() {
  ProbeIdentity out{.protocol = otlp::Protocol::grpc, .at = Time{std::chrono::seconds(1795700000)}};
  out.trace_id = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                  0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36};
  return out;
}

ProbePlan plan_of(const std::vector<std::string>& settings) {
  const test::TemporaryDirectory directory;
  const OsFileSystem files;
  auto plan = plan_probe(test::subject_of(settings, directory.path(), files));
  REQUIRE_MESSAGE(plan, (plan ? "" : plan.error().message));
  return std::move(*plan);
}

const ProbeStore& store_of(const ProbePlan& plan, const std::string& component) {
  const auto at = std::ranges::find(plan.stores, component, &ProbeStore::component);
  REQUIRE(at != plan.stores.end());
  return *at;
}

Error mistake(const std::string& text) {
  const auto find = catalog::parse_find({text, "find.yaml"}, "own");
  REQUIRE_FALSE(find);
  REQUIRE(find.error().at);
  return find.error();
}

}  // namespace

TEST_CASE("every store is asked for one item, and knows how long its way may take") {
  const std::string times = "&start=1795699940&end=1795700065";
  const std::string metric =
      "/api/v1/query?query=obsctl_health_probe{protocol=\"grpc\"}[125s]&time=1795700065";
  const std::string matrix = R"({"values":[[1795700000.1,"1795700000"]]})";
  const std::vector<Case> cases = {
      {{}, "jaeger", "/api/traces/" + k_id, R"({"serviceName":"obsctl-health"})", 12},
      {{"traces.backend=tempo"},
       "tempo",
       "/api/v2/traces/" + k_id + "?start=1795699940&end=1795700065",
       R"({"stringValue":"obsctl-health"})",
       12},
      {{}, "prometheus", metric, matrix, 0},
      {{"metrics.backend=victoriametrics"}, "victoriametrics", metric, matrix, 6},
      {{},
       "loki",
       "/loki/api/v1/query_range?query={service_name=\"obsctl-health\"} |= \"" + k_id + "\"" +
           times + "&limit=5",
       R"({"values":[["1","probe of obsctl, trace )" + k_id + "\"]]}",
       1},
      {{"logs.backend=victorialogs"},
       "victorialogs",
       "/select/logsql/query?query={service.name=\"obsctl-health\"} \"" + k_id + "\"" + times +
           "&limit=5",
       R"({"_msg":"probe of obsctl, trace )" + k_id + "\"}",
       2},
  };
  const catalog::FindWords words = identity().words(Time{std::chrono::seconds(1795700005)});
  for (const Case& one : cases) {
    CAPTURE(one.component);
    const ProbePlan plan = plan_of(one.settings);
    const ProbeStore& store = store_of(plan, one.component);
    const std::string target = store.ask.target(words);
    CHECK(decoded(target) == one.target);
    CHECK(target.find_first_of(" {}\"|") == std::string::npos);
    CHECK(store.ask.found_in(one.answer, words));
    CHECK_FALSE(store.ask.found_in("{}", words));
    CHECK(store.url);
    CHECK(store.budget.seconds == one.budget);
  }
}

TEST_CASE("every store of telemetry in the catalog can be asked") {
  const auto known = catalog::components();
  REQUIRE(known);
  for (const auto& [name, component] : *known) {
    for (const catalog::Provided& provided : component.provides) {
      const auto& what = provided.capability;
      if (!what.ends_with(".store") && what != "metrics.remote") {
        continue;
      }
      CAPTURE(name);
      const std::string signal = what.substr(0, what.find('.'));
      const ProbePlan plan = plan_of({signal + ".backend=" + name});
      CHECK(catalog::signal_name(store_of(plan, name).ask.signal) == signal);
    }
  }
}

TEST_CASE("a value is not mistaken for the time of another sample") {
  const ProbePlan plan = plan_of({});
  const catalog::FindWords words = identity().words(identity().at);
  const auto& ask = store_of(plan, "prometheus").ask;
  CHECK_FALSE(ask.found_in(R"({"values":[[1795700000,"1795699940"]]})", words));
}

TEST_CASE("delays follow the configuration") {
  CHECK(store_of(plan_of({"traces.keep=100%"}), "jaeger").budget.seconds == 1);
  CHECK(store_of(plan_of({"traces.decision_wait=30s"}), "jaeger").budget.seconds == 32);
}

TEST_CASE("mistakes in a find.yaml are all reported with their places") {
  const Error all = mistake(
      "asks:\n"
      "  - {signal: trace, port: own, path: /x, contains: '{trace_id}'}\n"
      "  - {signal: logs, port: own, path: '/x/{traceid}', contains: '{trace_id}'}\n"
      "  - {signal: logs, port: own, path: x, contains: '{trace_id}'}\n"
      "  - {signal: logs, port: own, path: /x, contains: ok}\n"
      "  - {signal: logs, port: own, path: /x, query: {q: '{a=\"{valu}\"}'}, contains: '{value}'}\n"
      "delays:\n"
      "  - {signal: logs, what: waits, time: 5}\n");
  CHECK(all.message == "'trace' is not a signal");
  REQUIRE(all.more.size() == 5);
  CHECK(all.more[0].message == "nothing is filled in for '{traceid}'");
  CHECK(all.more[1].message == "path 'x' does not begin with '/'");
  CHECK(all.more[2].message == "any answer may contain a text without words");
  CHECK(all.more[3].message == "nothing is filled in for '{valu}'");
  CHECK(all.more[4].at->line == 8);
}
