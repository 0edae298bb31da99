// SPDX-License-Identifier: Apache-2.0
// The rule catalog's parser: what a row yields, and every mistake with its position.
#include "lib/catalog/alerts.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

namespace {

const std::string k_rules = R"(order: 5
alerts:
  LokiDown:
    severity: critical
    note: why
    expr: |-
      up == 0
        or absent(up)
    for: 1m
    summary: Loki is down
    description: It does not answer.
    runbook: Start it.
)";

const std::string k_cases = R"(LokiDown:
  fires: {'up{job="loki"}': 0x40}
  quiet: {'up{job="loki"}': 1x40}
)";

const catalog::RowOwner k_loki = {"loki", "loki"};
const catalog::RowOwner k_stack = {"services", ""};

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Result<catalog::RowFile<catalog::AlertRule>> parse(const std::string& rules,
                                                   const std::string& cases = k_cases,
                                                   const catalog::RowOwner& owner = k_loki) {
  return catalog::parse_alerts({rules, "alerts.yaml"}, {cases, "alerts.test.yaml"}, owner);
}

Error mistake(const std::string& rules, const std::string& cases = k_cases) {
  const auto rows = parse(rules, cases);
  REQUIRE_FALSE(rows);
  REQUIRE(rows.error().at);
  return rows.error();
}

}  // namespace

TEST_CASE("a row and its case become an alert with its tests") {
  const auto file = parse(k_rules);
  REQUIRE(file);
  CHECK(file->order == 5);
  REQUIRE(file->rows.size() == 1);
  const auto& alert = file->rows.front();
  CHECK(alert.name == "LokiDown");
  CHECK(alert.group == "loki");
  CHECK(alert.component == "loki");
  CHECK(alert.watches == "loki");
  CHECK(alert.expr == "up == 0\n  or absent(up)");
  CHECK(alert.hold == "1m");
  CHECK(alert.note == "why");
  CHECK(alert.at.str() == "alerts.yaml:3:3");
  CHECK(alert.test_at == "30m");
  REQUIRE(alert.fires.size() == 1);
  CHECK(alert.fires[0].series == R"(up{job="loki"})");
  CHECK(alert.fires[0].values == "0x40");
  REQUIRE(alert.quiet.size() == 1);
}

TEST_CASE("folded prose is one line") {
  const auto file =
      parse(with(k_rules, "runbook: Start it.", "runbook: >-\n      Start\n      it."));
  REQUIRE(file);
  CHECK(file->rows.front().runbook == "Start it.");
}

TEST_CASE("an alert may need another component than its folder's") {
  const auto file = parse(with(k_rules, "severity:", "component: grafana\n    severity:"));
  REQUIRE(file);
  CHECK(file->rows.front().component == "grafana");
  CHECK(file->rows.front().watches == "grafana");
}

TEST_CASE("a file of the stack names the component that it needs, and may watch something else") {
  CHECK_FALSE(parse(k_rules, k_cases, k_stack));
  const auto file = parse("component: loki\nwatches: logs\n" + k_rules, k_cases, k_stack);
  REQUIRE(file);
  CHECK(file->rows.front().component == "loki");
  CHECK(file->rows.front().watches == "logs");
  CHECK(file->rows.front().group == "services");
  CHECK(mistake("component: loki\n" + k_rules).message == "unknown key 'component'");
}

TEST_CASE("every alert has a case that fires and one that does not") {
  const Error none = mistake(k_rules, "{}\n");
  CHECK(none.message == "alert 'LokiDown' has no test");
  CHECK(none.at->str() == "alerts.yaml:3:3");
  CHECK(none.hint == "alerts.test.yaml needs a firing and a silent case for it");
  CHECK(mistake(k_rules, "").message == "alert 'LokiDown' has no test");
  const Error quiet = mistake(k_rules, with(k_cases, R"({'up{job="loki"}': 1x40})", "{}"));
  CHECK(quiet.message == "alert 'LokiDown' is not tested both ways");
  CHECK(quiet.at->str() == "alerts.test.yaml:1:1");
  CHECK(mistake(k_rules, with(k_cases, R"({'up{job="loki"}': 0x40})", "{}")).message ==
        "alert 'LokiDown' is not tested both ways");
  CHECK(mistake(k_rules, with(k_cases, "  quiet:", "  quite:")).at->str() ==
        "alerts.test.yaml:3:3");
}

TEST_CASE("every case names an alert") {
  const Error other = mistake(k_rules, k_cases + with(k_cases, "LokiDown", "LokiDow"));
  CHECK(other.message == "this tests no alert of alerts.yaml: 'LokiDow'");
  CHECK(other.at->str() == "alerts.test.yaml:4:1");
}

TEST_CASE("only a watchdog does without a silent case") {
  CHECK(mistake(with(k_rules, "severity: critical", "severity: none")).message ==
        "alert 'LokiDown' is not tested both ways");
}

TEST_CASE("mistakes in a row have a position and a way out") {
  const Error severity = mistake(with(k_rules, "severity: critical", "severity: page"));
  CHECK(severity.message == "unknown value 'page' for 'severity'");
  CHECK(severity.at->line == 4);
  CHECK(severity.hint == "one of: critical, warning, none");
  CHECK(mistake(with(k_rules, "runbook", "runbok")).at->line == 12);
  CHECK(mistake(with(k_rules, "    description: It does not answer.\n", ""))
            .message.find("description") != std::string::npos);
  CHECK(mistake(with(k_rules, "order: 5", "order: first")).at->line == 1);
  CHECK(mistake("order: 5\n").message == "missing key 'alerts'");
}

TEST_CASE("all mistakes of a file are reported") {
  const std::string second =
      "  Other:\n    severity: page\n    expr: up\n    summary: s\n    description: d\n    "
      "runbook: r\n";
  const Error all = mistake(with(k_rules, "runbook", "runbok") + second);
  CHECK(all.message == "unknown key 'runbok'");
  REQUIRE(all.more.size() == 2);
  CHECK(all.more[0].message == "unknown value 'page' for 'severity'");
  CHECK(all.more[0].at->str() == "alerts.yaml:14:15");
  CHECK(all.more[1].message == "alert 'Other' has no test");
}

TEST_CASE("files of one group are one piece, in their order") {
  const auto file = [](const std::string& name, const std::string& group,
                       const std::string& order) {
    const auto parsed =
        parse(with("group: " + group + "\n" + with(k_rules, "5", order), "LokiDown", name),
              with(k_cases, "LokiDown", name));
    REQUIRE(parsed);
    return *parsed;
  };
  const auto joined = catalog::join_alerts({file("Last", "b", "30"), file("First", "a", "10"),
                                            file("Middle", "b", "20"), file("Added", "a", "40")});
  REQUIRE(joined);
  std::string names;
  for (const auto& alert : *joined) {
    names += alert.name + " ";
  }
  CHECK(names == "First Added Middle Last ");
}

TEST_CASE("a name is used once, in all files together") {
  const auto file = parse(k_rules);
  REQUIRE(file);
  const auto joined = catalog::join_alerts({*file, *file});
  REQUIRE_FALSE(joined);
  CHECK(joined.error().message == "alert 'LokiDown' is defined twice");
  CHECK(joined.error().hint == "it is also at alerts.yaml:3:3");
}

TEST_CASE("recording rules carry labels and their purpose") {
  const auto rules = catalog::parse_recording_rules({R"(group: g
rules:
  - record: a:b:c
    doc: what it is for
    labels: {signal: traces}
    expr: up
)",
                                                     "recording.yaml"},
                                                    {"prometheus", "prometheus"});
  REQUIRE(rules);
  REQUIRE(rules->rows.size() == 1);
  CHECK(rules->rows.front().name == "a:b:c");
  CHECK(rules->rows.front().group == "g");
  CHECK(rules->rows.front().component == "prometheus");
  CHECK(rules->rows.front().labels.front().second == "traces");
  const auto broken = catalog::parse_recording_rules(
      {"rules:\n  - {record: a}\n  - {expr: up, doc: d}\n", "recording.yaml"}, k_loki);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().more.size() == 1);
}

TEST_CASE("lists of jobs say which others belong to them") {
  const auto lists = catalog::parse_job_lists(
      {"a:\n  components: [x, y]\n  others: watched\nb:\n  components: [x]\n", "jobs.yaml"});
  REQUIRE(lists);
  REQUIRE(lists->size() == 2);
  CHECK(lists->front().components == std::vector<std::string>{"x", "y"});
  CHECK(lists->front().others == catalog::JobList::Others::watched);
  CHECK(lists->back().others == catalog::JobList::Others::none);
  CHECK_FALSE(catalog::parse_job_lists({"a: {components: [x], others: all}", "jobs.yaml"}));
}
