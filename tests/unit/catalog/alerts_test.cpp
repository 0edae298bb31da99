// The rule catalog's parser: what a row yields, and every mistake with its position.
#include "lib/catalog/alerts.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

namespace {

const std::string k_row = R"(groups:
  loki:
    component: loki
    alerts:
      LokiDown:
        severity: critical
        seeds: [F01, F14]
        note: why
        expr: |-
          up == 0
            or absent(up)
        for: 1m
        summary: Loki is down
        description: It does not answer.
        runbook: Start it.
        fires: {'up{job="loki"}': 0x40}
        quiet: {'up{job="loki"}': 1x40}
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = k_row;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Error mistake(const std::string& text) {
  const auto rows = catalog::parse_alerts(text, "alerts.yaml");
  REQUIRE_FALSE(rows);
  REQUIRE(rows.error().at);
  CHECK(rows.error().at->file == "alerts.yaml");
  return rows.error();
}

}  // namespace

TEST_CASE("a row becomes an alert with its tests") {
  const auto rows = catalog::parse_alerts(k_row, "alerts.yaml");
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  const auto& alert = rows->front();
  CHECK(alert.name == "LokiDown");
  CHECK(alert.group == "loki");
  CHECK(alert.component == "loki");
  CHECK(alert.expr == "up == 0\n  or absent(up)");
  CHECK(alert.hold == "1m");
  CHECK(alert.note == "why");
  CHECK(alert.seeds == std::vector<std::string>{"F01", "F14"});
  CHECK(alert.test_at == "30m");
  REQUIRE(alert.fires.size() == 1);
  CHECK(alert.fires[0].series == R"(up{job="loki"})");
  CHECK(alert.fires[0].values == "0x40");
  REQUIRE(alert.quiet.size() == 1);
}

TEST_CASE("an alert may belong to another component than its group") {
  const auto rows = catalog::parse_alerts(
      with("severity:", "component: grafana\n        severity:"), "alerts.yaml");
  REQUIRE(rows);
  CHECK(rows->front().component == "grafana");
  CHECK(rows->front().watches == "grafana");
}

TEST_CASE("a group may watch something that is not a component") {
  const auto rows = catalog::parse_alerts(
      with("component: loki", "component: loki\n    watches: logs"), "alerts.yaml");
  REQUIRE(rows);
  CHECK(rows->front().component == "loki");
  CHECK(rows->front().watches == "logs");
}

TEST_CASE("an alert that is not tested both ways is refused") {
  CHECK(mistake(with(R"({'up{job="loki"}': 1x40})", "{}")).message ==
        "alert 'LokiDown' is not tested both ways");
  CHECK(mistake(with(R"({'up{job="loki"}': 0x40})", "{}")).message ==
        "alert 'LokiDown' is not tested both ways");
  CHECK(mistake(with("        quiet:", "        quite:")).at->line == 17);
}

TEST_CASE("only a watchdog does without a silent case") {
  const std::string row = with("severity: critical", "severity: none");
  CHECK(mistake(row).message == "alert 'LokiDown' is not tested both ways");
}

TEST_CASE("mistakes in a row have a position and a way out") {
  const Error severity = mistake(with("severity: critical", "severity: page"));
  CHECK(severity.message == "'page' is not a severity");
  CHECK(severity.at->line == 6);
  CHECK(severity.hint == "use one of critical, warning, none");
  CHECK(mistake(with("runbook", "runbok")).at->line == 15);
  CHECK(
      mistake(with("        description: It does not answer.\n", "")).message.find("description") !=
      std::string::npos);
}

TEST_CASE("a name is used once") {
  const std::string twice = k_row + k_row.substr(k_row.find("  loki:")).replace(2, 4, "lok2");
  CHECK(mistake(twice).message == "alert 'LokiDown' is defined twice");
}

TEST_CASE("recording rules carry labels and their purpose") {
  const auto rules = catalog::parse_recording_rules(R"(groups:
  g:
    component: prometheus
    rules:
      - record: a:b:c
        doc: what it is for
        labels: {signal: traces}
        expr: up
)",
                                                    "recording.yaml");
  REQUIRE(rules);
  REQUIRE(rules->size() == 1);
  CHECK(rules->front().name == "a:b:c");
  CHECK(rules->front().group == "g");
  CHECK(rules->front().labels.front().second == "traces");
  CHECK_FALSE(catalog::parse_recording_rules("groups: {g: {component: x, rules: [{record: a}]}}",
                                             "recording.yaml"));
}
