// SPDX-License-Identifier: Apache-2.0
// The dashboard rows' parser, and the replacement of Grafana's variables.
#include "lib/catalog/dashboards.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace obsctl;

namespace {

std::string page(const std::string& panels) {
  return "uid: u\ntitle: T\ndescription: D\nvariables:\n"
         "  service: {label: Service, query: 'label_values(up, job)'}\npanels:\n" +
         panels;
}

const std::string k_stat = "  - {kind: stat, title: A, expr: up, description: d}\n";

Error mistake(const std::string& text) {
  const auto dashboard = catalog::parse_dashboard(text, "d.yaml");
  REQUIRE_FALSE(dashboard);
  REQUIRE(dashboard.error().at);
  return dashboard.error();
}

}  // namespace

TEST_CASE("a panel row with its defaults") {
  const auto dashboard = catalog::parse_dashboard(
      page("  - kind: timeseries\n    title: A\n    unit: bytes\n    description: d\n"
           "    queries:\n      - {expr: up, legend: '{{job}}'}\n      - {expr: down}\n"
           "    thresholds: {green: , orange: 0.5, red: 0.9}\n"),
      "d.yaml");
  REQUIRE(dashboard);
  REQUIRE(dashboard->panels.size() == 1);
  const auto& panel = dashboard->panels.front();
  CHECK(panel.signal == "metrics");
  CHECK(panel.queries.size() == 2);
  CHECK(panel.queries[0].legend == "{{job}}");
  REQUIRE(panel.thresholds.size() == 3);
  CHECK_FALSE(panel.thresholds[0].from);
  CHECK(panel.thresholds[2].from == 0.9);
  CHECK(catalog::queries_of(*dashboard).size() == 2);
}

TEST_CASE("panels that would be empty or unexplained are refused") {
  CHECK(mistake(page("  - {kind: stat, title: A, description: d}\n")).message ==
        "panel 'A' has no query");
  CHECK(mistake(page("  - {kind: stat, title: A, expr: up}\n")).message ==
        "panel 'A' has no description");
  CHECK(mistake(page("  - {kind: pie, title: A, expr: up, description: d}\n")).message ==
        "unknown value 'pie' for 'kind'");
  CHECK(mistake(page("  - {kind: stat, titel: A, expr: up, description: d}\n")).at->line == 7);
}

TEST_CASE("only the first threshold has no value") {
  CHECK(
      mistake(page("  - {kind: stat, title: A, expr: up, description: d, thresholds: {red: 1}}\n"))
          .message == "only the first threshold has no value");
}

TEST_CASE("a page does not grow without limit") {
  std::string panels;
  for (std::size_t i = 0; i < catalog::k_max_panels; ++i) {
    panels += k_stat;
  }
  CHECK(catalog::parse_dashboard(page(panels), "d.yaml"));
  CHECK(mistake(page(panels + k_stat)).message == "21 panels are too many for one page");
}

TEST_CASE("queries can be run without Grafana") {
  const auto dashboard = catalog::parse_dashboard(page(k_stat), "d.yaml");
  REQUIRE(dashboard);
  CHECK(catalog::runnable(*dashboard, R"(rate(x{job=~"$service"}[$__rate_interval]))") ==
        R"(rate(x{job=~".+"}[5m]))");
  CHECK(
      catalog::runnable(*dashboard, "x[${service}] + y[$__range] + z[$__interval] + w[$__auto]") ==
      "x[.+] + y[1h] + z[1m] + w[5m]");
}

TEST_CASE("a page in a component's folder belongs to it") {
  const auto own = catalog::parse_dashboard(page(k_stat), "d.yaml", "loki");
  REQUIRE(own);
  CHECK(own->component == "loki");
  CHECK_FALSE(catalog::parse_dashboard("component: loki\n" + page(k_stat), "d.yaml", "loki"));
  const auto of_stack = catalog::parse_dashboard("component: loki\n" + page(k_stat), "d.yaml");
  REQUIRE(of_stack);
  CHECK(of_stack->component == "loki");
}

TEST_CASE("all mistakes of a page are reported") {
  const Error all = mistake(page("  - {kind: pie, title: A, expr: up, description: d}\n" + k_stat +
                                 "  - {kind: stat, title: B, expr: up}\n"));
  CHECK(all.message == "unknown value 'pie' for 'kind'");
  REQUIRE(all.more.size() == 1);
  CHECK(all.more.front().message == "panel 'B' has no description");
}

TEST_CASE("a panel asks a signal that there is") {
  const auto bad = catalog::parse_dashboard(
      "uid: x\ntitle: X\ndescription: d\npanels:\n"
      "  - {kind: stat, title: A, expr: x, description: d, signal: log}\n",
      "d.yaml");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message == "'log' is not a signal");
  CHECK(bad.error().at->line == 5);
}

TEST_CASE("a text stands for a value, or for all from a value on") {
  const auto dashboard = catalog::parse_dashboard(
      page("  - kind: stat\n    title: A\n    expr: up\n    description: d\n"
           "    mappings: {0: down, '> 604800': not filling}\n"),
      "d.yaml");
  REQUIRE(dashboard);
  const auto& mappings = dashboard->panels.front().mappings;
  REQUIRE(mappings.size() == 2);
  CHECK_FALSE(mappings[0].above);
  CHECK(mappings[1].above);
  CHECK(mappings[1].value == "604800");
  CHECK(
      mistake(page("  - {kind: stat, title: A, expr: up, description: d, mappings: {'> x': y}}\n"))
          .message == "'x' is not a number");
}

TEST_CASE("a table says what its values belong to, and nothing else has columns") {
  CHECK(mistake(page("  - {kind: table, title: A, expr: up, description: d}\n")).message ==
        "table 'A' has no columns");
  CHECK(mistake(page("  - {kind: stat, title: A, expr: up, description: d, columns: [job]}\n"))
            .message == "only a table has 'columns'");
}

TEST_CASE("what all dashboards have is read once, with all its mistakes") {
  const auto every = catalog::parse_every_dashboard(
      "annotations:\n  - {name: A, expr: up, title: '{{job}}', colour: red}\nfirst:\n" + k_stat,
      "e.yaml");
  REQUIRE(every);
  CHECK(every->annotations.front().title == "{{job}}");
  CHECK(every->first.size() == 1);
  const auto bad = catalog::parse_every_dashboard(
      "annotations:\n  - {name: A, expr: up, colour: red}\nfirst:\n"
      "  - {kind: stat, title: B, expr: up}\n",
      "e.yaml");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().more.size() == 1);
}
