// SPDX-License-Identifier: Apache-2.0
// What the Prometheus API says, as samples; and that one part that fails does not hide the others.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "lib/sources/prometheus_answers.hpp"
#include "tests/unit/health/source_fixture.hpp"

using namespace obsctl;
using namespace obsctl::health;
using namespace obsctl::test;

namespace {

const std::string k_api = "http://localhost:9090/api/v1";
const std::string k_component = "prometheus";

std::string success(const std::string& data) {
  return R"({"status":"success","data":)" + data + "}";
}

// A server whose answers are empty until a test fills them.
struct Server : AskedStack {
  Server() {
    for (const char* path : {"/targets", "/rules", "/alerts", "/alertmanagers",
                             "/status/runtimeinfo", "/status/tsdb", "/status/walreplay"}) {
      answer(path, "{}");
    }
    answer("/label/__name__/values", R"(["up","foo_total"])");
    answer("/query", R"({"resultType":"vector","result":[]})");
  }
  void answer(const std::string& path, const std::string& data) {
    http.json(k_api + path, success(data));
  }
  Samples all() { return samples(Source::prometheus, k_component); }
  // Answers to a group of one alerting rule with this expression.
  Samples with_alert(const std::string& query) {
    answer("/rules", R"({"groups":[{"name":"g","rules":[{"name":"A","type":"alerting","health":"ok",
           "query":)" + nlohmann::json(query).dump() +
                         "}]}]}");
    return all();
  }
  Samples with_group(const std::string& fields) {
    answer("/rules", R"({"groups":[{"name":"g","interval":30,)" + fields + R"(,"rules":[]}]})");
    return all();
  }
};

}  // namespace

TEST_CASE("targets that are up, down with a reason, not scraped yet, or empty") {
  Server server;
  server.answer("/targets", R"({"activeTargets":[
    {"labels":{"job":"a","instance":"a:1"},"health":"up","lastError":""},
    {"labels":{"job":"b","instance":"b:1"},"health":"down","lastError":"sample limit exceeded"},
    {"labels":{"job":"c","instance":"c:1"},"health":"unknown","lastError":""}, 7, {"labels":[]}]})");
  server.answer("/query", R"({"resultType":"vector","result":[
    {"metric":{"__name__":"scrape_samples_scraped","job":"a","instance":"a:1"},"value":[1,"0"]}]})");
  const Samples samples = server.all();
  CHECK(value_of(samples, "target_up", {{"job", "a"}, {"instance", "a:1"}}) == 1);
  CHECK(value_of(samples, "target_up", {{"job", "b"}}) == 0);
  CHECK(value_of(samples, "target_error", {{"job", "b"}, {"reason", "sample limit"}}) == 1);
  CHECK_FALSE(value_of(samples, "target_up", {{"job", "c"}}));
  CHECK(value_of(samples, "target_unscraped", {{"job", "c"}}) == 1);
  CHECK(value_of(samples, "target_unscraped", {{"job", "a"}}) == 0);
  CHECK(value_of(samples, "target_empty", {{"job", "a"}, {"instance", "a:1"}}) == 1);
}

TEST_CASE("the error of a scrape has a kind") {
  CHECK(scrape_failure("Get \"http://x\": context deadline exceeded") == "timeout");
  CHECK(scrape_failure("dial tcp 10.0.0.1:80: connect: connection refused") == "refused");
  CHECK(scrape_failure("dial tcp: lookup x on 127.0.0.11:53: no such host") == "dns");
  CHECK(scrape_failure("server returned HTTP status 503 Service Unavailable") == "status");
  CHECK(scrape_failure("received unsupported Content-Type \"text/html\"") == "format");
  CHECK(scrape_failure("\"<\" is not a valid start token") == "format");
  CHECK(scrape_failure("label_limit exceeded") == "other");
  CHECK(scrape_failure("") == "other");
}

TEST_CASE("where nothing is wrong, that was looked for is said with a 0") {
  Server server;
  const Samples samples = server.all();
  for (const char* name :
       {"target_error", "target_unscraped", "target_empty", "rule_failing", "rule_group_late",
        "rule_group_slow", "rule_blind", "rules_blind", "alert_firing", "watchdog_firing",
        "alertmanagers_active", "alertmanagers_dropped", "wal_replay_running", "rules_loaded"}) {
    CAPTURE(name);
    CHECK(value_of(samples, name) == 0);
  }
  CHECK(server.http.count("/api/v1/") == 8);
}

TEST_CASE("rules that fail, and how many there are") {
  Server server;
  server.answer("/rules", R"({"groups":[{"name":"g","rules":[
    {"name":"A","type":"alerting","query":"up == 0","health":"ok","lastError":""},
    {"name":"r","type":"recording","query":"nothing","health":"err","lastError":"same labelset"}]}]})");
  const Samples samples = server.all();
  CHECK(value_of(samples, "rules_loaded", {{"type", "alerting"}}) == 1);
  CHECK(value_of(samples, "rules_loaded", {{"type", "recording"}}) == 1);
  CHECK(value_of(samples, "rule_failing",
                 {{"rule", "r"}, {"group", "g"}, {"error", "same labelset"}}) == 1);
  CHECK(value_of(samples, "rules_blind") == 0);  // a recording rule that has no input is no alert
}

TEST_CASE("an alert on a name that no series has cannot fire") {
  Server server;
  Samples samples = server.with_alert("rate(foo[5m]) > 0 and bar > 0");
  CHECK(value_of(samples, "rules_blind") == 1);
  CHECK(value_of(samples, "rule_blind",
                 {{"rule", "A"}, {"metric", "foo"}, {"near", "foo_total"}}) == 1);
  CHECK(value_of(samples, "rule_blind", {{"rule", "A"}, {"metric", "bar"}, {"near", ""}}) == 1);
  for (const char* query : {"up == 0", "absent(bar)", "bar > 0 or vector(1)", "bar or foo_total",
                            "up unless bar", "absent(bar) or baz > 1"}) {
    CAPTURE(query);
    samples = server.with_alert(query);
    CHECK(value_of(samples, "rules_blind") == 0);
    CHECK(value_of(samples, "rule_blind") == 0);
  }
  CHECK(value_of(server.with_alert("bar or baz"), "rules_blind") == 1);
  server.http.answers[k_api + "/label"] = {.status = 500, .body = ""};
  server.http.answers.erase(k_api + "/label/__name__/values");
  samples = server.with_alert("bar");
  CHECK_FALSE(value_of(samples, "rules_blind"));
  CHECK(value_of(samples, "rules_loaded", {{"type", "alerting"}}) == 1);
}

TEST_CASE("groups that are evaluated late, never, or too slowly") {
  Server server;
  const auto last = [&server](int seconds_ago) {
    return R"("lastEvaluation":")" + moment(server.clock, seconds_ago) + '"';
  };
  const std::string never = R"("lastEvaluation":"0001-01-01T00:00:00Z")";
  CHECK(value_of(server.with_group(last(64)), "rule_group_late") == 0);
  CHECK(value_of(server.with_group(last(66)), "rule_group_late", {{"group", "g"}}) == 1);
  CHECK(value_of(server.with_group(never), "rule_group_late") ==
        0);  // not known since when it runs
  server.answer("/status/runtimeinfo", R"({"startTime":")" + moment(server.clock, 60) + "\"}");
  CHECK(value_of(server.with_group(never), "rule_group_late") == 0);
  server.answer("/status/runtimeinfo", R"({"startTime":")" + moment(server.clock, 90) + "\"}");
  CHECK(value_of(server.with_group(never), "rule_group_late", {{"group", "g"}}) == 1);
  server.answer("/status/runtimeinfo", R"({"startTime":")" + moment(server.clock, 900) +
                                           R"(","lastConfigTime":")" + moment(server.clock, 5) +
                                           "\"}");
  CHECK(value_of(server.with_group(never), "rule_group_late") == 0);  // it is new
  CHECK(value_of(server.with_group(R"("evaluationTime":31)"), "rule_group_slow",
                 {{"group", "g"}}) == 1);
  CHECK(value_of(server.with_group(R"("evaluationTime":29)"), "rule_group_slow") == 0);
}

TEST_CASE("alerts that fire, for how long, and the one that always does") {
  Server server;
  server.answer(
      "/alerts",
      R"({"alerts":[
    {"state":"firing","labels":{"alertname":"Watchdog","severity":"none"}},
    {"state":"pending","labels":{"alertname":"Soon","severity":"critical"}},
    {"state":"firing","activeAt":")" +
          moment(server.clock, 600) +
          R"(","labels":{"alertname":"Down","severity":"critical","component":"tempo"}}]})");
  const Samples samples = server.all();
  CHECK(value_of(samples, "watchdog_firing") == 1);
  CHECK(value_of(samples, "alert_firing",
                 {{"alert", "Down"}, {"severity", "critical"}, {"component_label", "tempo"}}) == 1);
  CHECK(value_of(samples, "alert_firing_seconds", {{"alert", "Down"}}) == 600);
  CHECK_FALSE(value_of(samples, "alert_firing", {{"alert", "Soon"}}));
}

TEST_CASE("receivers of alerts, the configuration, series and replay") {
  Server server;
  server.answer("/alertmanagers",
                R"({"activeAlertmanagers":[{"url":"a"}],"droppedAlertmanagers":[{},{}]})");
  server.answer("/status/runtimeinfo", R"({"reloadConfigSuccess":false})");
  std::string rows;
  for (int i = 0; i < 12; ++i) {
    rows += (i == 0 ? "" : ",") + std::string(R"({"name":"m)") + std::to_string(i) +
            R"(","value":)" + std::to_string(i * 10) + "}";
  }
  server.answer("/status/tsdb", R"({"seriesCountByMetricName":[)" + rows +
                                    R"(],"labelValueCountByLabelName":[{"name":"le","value":7}]})");
  const Samples samples = server.all();
  CHECK(value_of(samples, "alertmanagers_active") == 1);
  CHECK(value_of(samples, "alertmanagers_dropped") == 2);
  CHECK(value_of(samples, "config_reload_success") == 0);
  CHECK(value_of(samples, "series_of_metric", {{"metric", "m11"}}) == 110);
  CHECK(value_of(samples, "series_of_metric", {{"metric", "m2"}}) == 20);
  CHECK_FALSE(value_of(samples, "series_of_metric", {{"metric", "m1"}}));
  CHECK(value_of(samples, "label_value_count", {{"label", "le"}}) == 7);
}

TEST_CASE("a server that replays its log answers that one question alone") {
  Server server;
  server.http.answers.clear();
  server.http.answers[k_api] = {.status = 503, .body = "Service Unavailable"};
  server.answer("/status/walreplay", R"({"min":0,"max":9,"current":2,"state":"in progress"})");
  Samples known;
  for (const Inquiry& one : server.questions(Source::prometheus, k_component)) {
    if (const auto samples = one.read()) {
      known.insert(known.end(), samples->begin(), samples->end());
    }
  }
  REQUIRE(known.size() == 1);
  CHECK(value_of(known, "wal_replay_running") == 1);
}

TEST_CASE("alerts that the rules list are not asked for again") {
  Server server;
  server.answer("/rules", R"({"groups":[{"rules":[{"type":"recording"},
    {"type":"alerting","alerts":[{"state":"firing","labels":{"alertname":"A"}}]},
    {"type":"alerting","alerts":[]}]}]})");
  CHECK(value_of(server.all(), "alert_firing", {{"alert", "A"}}) == 1);
  CHECK(server.http.count("/alerts") == 0);
}

TEST_CASE("a server that does not answer costs one time-out") {
  AskedStack stack;
  for (const Inquiry& one : stack.questions(Source::prometheus, k_component)) {
    CHECK_FALSE(one.read());
  }
  CHECK(stack.http.count("/rules") == 1);
  CHECK(stack.http.count("/alerts") == 0);
  CHECK(stack.http.count("/walreplay") == 0);
}

TEST_CASE("a page that this server does not have says nothing; one that fails is an error") {
  Server server;
  server.http.answers[k_api + "/status/tsdb"] = {.status = 404, .body = "404 page not found"};
  CHECK_FALSE(value_of(server.all(), "series_of_metric"));
  server.http.answers[k_api + "/alerts"] = {.status = 503, .body = "Service Unavailable"};
  std::size_t failed = 0;
  for (const Inquiry& one : server.questions(Source::prometheus, k_component)) {
    const auto answer = one.read();
    failed += answer ? 0 : 1;
    CHECK((answer || one.from == k_api + "/alerts"));
    if (!answer) {
      CHECK(answer.error().message ==
            "'" + k_api + "/alerts' answers with HTTP status 503, expected 200 and JSON");
    }
  }
  CHECK(failed == 1);
}

TEST_CASE("answers that no Prometheus gives are errors or say less") {
  Server server;
  for (const std::string& body :
       {std::string("<!doctype html><html>"), std::string("["), std::string("[]"),
        std::string(R"({"status":"error","error":"x"})"), success("[]"), success("null"),
        success(R"("text")"), success("1e308"), std::string(100'000, '['),
        success(R"({"activeTargets":{"a":{"b":1}},"groups":{"a":[1]},"alerts":"x"})"),
        success(R"({"activeTargets":[[1]],"groups":[{"rules":7},8],"alerts":[[],1],
          "reloadConfigSuccess":"yes","state":7,"activeAlertmanagers":"x",
          "seriesCountByMetricName":[{"name":[],"value":"9"},{"value":1e300}]})"),
        success(R"({"groups":[{"name":"\u001b[2J","interval":1e300,"evaluationTime":-1,
          "lastEvaluation":7,"rules":[{"name":"\n","type":"alerting","query":7}]}]})"),
        "\xff\xfe" + success("{}")}) {
    CAPTURE(body.substr(0, 80));
    server.http.answers.clear();
    server.http.json("http://localhost:9090", body);
    for (const Inquiry& one : server.questions(Source::prometheus, k_component)) {
      const auto answer = one.read();
      for (const Sample& sample : answer ? *answer : Samples()) {
        for (const auto& [name, value] : sample.labels) {
          CHECK(value.find_first_of("\x1b\n") == std::string::npos);
        }
      }
    }
  }
}

TEST_CASE("a given Prometheus is asked at its URL, and its login is not shown") {
  AskedStack stack({}, {{.component = k_component, .url = "https://me:secret@far.example/prom/"}});
  const auto asked = stack.questions(Source::prometheus, k_component);
  REQUIRE(asked.size() == 8);
  CHECK(asked.front().from == "https://far.example/prom/api/v1/targets");
  const auto answer = asked.front().read();
  REQUIRE_FALSE(answer);
  CHECK(stack.http.requests.back().url ==
        "https://me:secret@far.example/prom/api/v1/targets?state=active");
  CHECK(stack.http.requests.back().tls.verify);
  CHECK(stack.http.requests.back().timeout == Duration{2});
}
