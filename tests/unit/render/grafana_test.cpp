// SPDX-License-Identifier: Apache-2.0
// What panels say: tiles that do not keep the value of a dead thing, one colour per meaning, tables that lead with the
// worst, and links between dashboards.
#include <doctest/doctest.h>

#include <algorithm>

#include "lib/io/filesystem.hpp"
#include "lib/render/observe_parts.hpp"
#include "templates/embedded.hpp"
#include "tests/support/sized.hpp"
#include "tests/support/words.hpp"

using namespace obsctl;
using catalog::Panel;
using catalog::PanelKind;
using Json = nlohmann::ordered_json;

namespace {

observe::Surroundings stack() {
  catalog::DataSource source;
  source.uid = "prometheus";
  source.type = "prometheus";
  return {{{"metrics", source}}, {"pages-loki"}, {{"loki", "pages-loki"}}};
}

Panel panel(PanelKind kind, const std::vector<std::string>& legends = {""}) {
  Panel out;
  out.kind = kind;
  out.title = "Panel";
  out.signal = "metrics";
  for (const auto& legend : legends) {
    out.queries.push_back({"up", legend, ""});
  }
  return out;
}

Json drawn(const Panel& row) {
  return observe::panel_json(row, stack());
}

// The colour of a series with this name; empty when only its order decides.
std::string colour(const Json& made, const std::string& name) {
  std::string out;
  for (const auto& rule : made["fieldConfig"]["overrides"]) {
    const auto words = rule["matcher"]["options"].get<std::string>();
    if (words.find("(" + name + "|") != std::string::npos ||
        words.find("|" + name + ")") != std::string::npos ||
        words.find("|" + name + "|") != std::string::npos ||
        words.find("(" + name + ")") != std::string::npos) {
      out = rule["properties"][0]["value"]["fixedColor"];
    }
  }
  return out;
}

const Json& step(const Json& made, const std::string& id) {
  const auto& steps = made["transformations"];
  const auto found =
      std::ranges::find_if(steps, [&id](const Json& one) { return one["id"] == id; });
  REQUIRE_MESSAGE(found != steps.end(), id);
  return (*found)["options"];
}

// The dashboards of small stacks that have every store.
std::vector<catalog::Dashboard> all_dashboards() {
  static const OsFileSystem files;
  const TemplateStore store(files, {});
  std::vector<catalog::Dashboard> out;
  for (const std::vector<std::string>& settings :
       {std::vector<std::string>{},
        {"metrics.backend=victoriametrics", "logs.backend=victorialogs", "traces.backend=tempo"}}) {
    const Topology topology = test::sized(settings).topology;
    auto watch = read_watch(topology, store, test::compose_words(topology));
    REQUIRE(watch);
    std::ranges::move(watch->dashboards, std::back_inserter(out));
  }
  return out;
}

}  // namespace

TEST_CASE("a tile asks for now, and nothing has no colour") {
  const Json tile = drawn(panel(PanelKind::stat));
  CHECK(tile["targets"][0]["instant"] == true);
  CHECK(tile["targets"][0]["range"] == false);
  CHECK(tile["options"]["graphMode"] == "none");
  const Json& nothing = tile["fieldConfig"]["defaults"]["mappings"][0];
  CHECK(nothing["options"]["match"] == "null+nan");
  CHECK(nothing["options"]["result"]["text"] == "no data");
  CHECK(nothing["options"]["result"]["color"] == "text");
  CHECK(drawn(panel(PanelKind::timeseries))["targets"][0]["range"] == true);
}

TEST_CASE(
    "a graph begins at zero unless its values may be below, and is never flat on a wide axis") {
  Panel graph = panel(PanelKind::timeseries);
  CHECK(drawn(graph)["fieldConfig"]["defaults"]["min"] == 0);
  CHECK(drawn(graph)["fieldConfig"]["defaults"]["custom"].contains("axisSoftMax"));
  graph.negative = true;
  CHECK_FALSE(drawn(graph)["fieldConfig"]["defaults"].contains("min"));
  CHECK(drawn(graph)["fieldConfig"]["defaults"]["custom"]["axisSoftMin"] == 0);
  graph.max = 1;
  CHECK_FALSE(drawn(graph)["fieldConfig"]["defaults"]["custom"].contains("axisSoftMax"));
}

TEST_CASE("a meaning has one colour, by label or by word") {
  const Json signals = drawn(panel(PanelKind::timeseries, {"{{signal}} to {{exporter}}"}));
  CHECK(colour(signals, "traces") == "blue");
  CHECK(colour(signals, "metrics") == "yellow");
  CHECK(colour(signals, "logs") == "purple");
  CHECK(colour(signals, "refused").empty());
  const Json levels = drawn(panel(PanelKind::timeseries, {"{{detected_level}}"}));
  CHECK(colour(levels, "error") == "red");
  CHECK(colour(levels, "warn") == "orange");
  const Json codes = drawn(panel(PanelKind::timeseries, {"{{route}} {{status_code}}"}));
  CHECK(colour(codes, "5\\d\\d") == "red");
  CHECK(colour(codes, "4\\d\\d") == "orange");
  const Json losses = drawn(panel(PanelKind::timeseries, {"lost (queue full) x", "refused x"}));
  CHECK(colour(losses, "lost") == "red");
  CHECK(colour(losses, "refused") == "yellow");
}

TEST_CASE("what is lost is red, whatever signal its legend names") {
  const Json made = drawn(panel(PanelKind::timeseries, {"lost {{signal}}"}));
  CHECK(colour({{"fieldConfig",
                 {{"overrides", Json::array({made["fieldConfig"]["overrides"].back()})}}}},
               "lost") == "red");
}

TEST_CASE("a limit is a dashed line of its own") {
  const Json made = drawn(panel(PanelKind::timeseries, {"resident", "limit"}));
  const Json& properties = made["fieldConfig"]["overrides"].back()["properties"];
  CHECK(std::ranges::any_of(properties, [](const Json& one) {
    return one["id"] == "custom.lineStyle" && one["value"]["fill"] == "dash";
  }));
}

TEST_CASE("a table shows the named columns, the name of a metric among them, and sorts") {
  Panel table = panel(PanelKind::table);
  table.columns = {"__name__"};
  table.rename = "series";
  const Json by_value = drawn(table);
  CHECK(step(by_value, "filterFieldsByName")["include"]["names"] == Json({"__name__", "Value"}));
  CHECK(step(by_value, "sortBy")["sort"][0] == Json({{"field", "series"}, {"desc", true}}));
  table.columns = {"state", "job"};
  table.rename = "state";
  table.sort = "state";
  const Json worst_first = drawn(table);
  CHECK(step(worst_first, "filterFieldsByName")["include"]["names"] == Json({"Value", "job"}));
  CHECK(step(worst_first, "sortBy")["sort"][0] == Json({{"field", "state"}, {"desc", false}}));
}

TEST_CASE("several queries of a table are columns with units of their own") {
  Panel table = panel(PanelKind::table, {"requests", "errors"});
  table.columns = {"service_name"};
  table.queries[1].unit = "percentunit";
  const Json made = drawn(table);
  CHECK(step(made, "organize")["renameByName"]["Value #B"] == "errors");
  CHECK(made["fieldConfig"]["overrides"][0]["matcher"]["options"] == "errors");
  CHECK(made["fieldConfig"]["overrides"][0]["properties"][0]["value"] == "percentunit");
}

TEST_CASE("a tile leads to a dashboard that the stack has") {
  Panel tile = panel(PanelKind::stat);
  tile.opens = "pages-loki";
  CHECK(drawn(tile)["links"][0]["url"] == "/d/pages-loki");
  tile.opens = "pages-tempo";
  CHECK_FALSE(drawn(tile).contains("links"));
}

TEST_CASE("the dashboard of an alert's component is found from its row") {
  Panel table = panel(PanelKind::table);
  table.columns = {"severity", "dashboard"};
  table.links = {{"dashboard", "/d/${__value.text}"}};
  const Json overrides = drawn(table)["fieldConfig"]["overrides"];
  REQUIRE(overrides.size() == 4);
  CHECK(overrides[0]["properties"][0]["value"][0]["options"]["critical"]["color"] == "red");
  CHECK(overrides[1]["properties"][0]["value"][0]["options"]["loki"]["text"] == "pages-loki");
  CHECK(overrides[2]["properties"][0]["value"][0]["url"] == "/d/${__value.text}");
  CHECK(overrides[3]["properties"][0] == Json({{"id", "noValue"}, {"value", "-"}}));
}

TEST_CASE(
    "the dashboard of a component begins with its state, and every one marks alerts and restarts") {
  for (const auto& dashboard : all_dashboards()) {
    CHECK_MESSAGE(dashboard.annotations.size() == 2, dashboard.uid);
    if (dashboard.file.find("components/") != std::string::npos) {
      REQUIRE_FALSE(dashboard.panels.empty());
      CHECK_MESSAGE(dashboard.panels.front().title == "State", dashboard.uid);
      CHECK_MESSAGE(dashboard.panels.front().queries.front().legend == "Up", dashboard.uid);
    }
  }
}

TEST_CASE(
    "no zero is made up beside labelled series, nor in a tile about a component that may be dead") {
  for (const auto& dashboard : all_dashboards()) {
    for (const auto& row : dashboard.panels) {
      for (const auto& query : row.queries) {
        const bool zero = query.expr.find("or vector(0)") != std::string::npos;
        const bool labelled = query.legend.find("{{") != std::string::npos;
        CHECK_MESSAGE(!(zero && labelled), dashboard.uid << " / " << row.title);
        const bool of_rules = query.expr.find("ALERTS") != std::string::npos ||
                              query.expr.find("unless on () max(up") != std::string::npos;
        const bool own = dashboard.file.find("components/") != std::string::npos;
        CHECK_MESSAGE(!(zero && own && observe::is_tile(row) && !of_rules),
                      dashboard.uid << " / " << row.title);
      }
    }
  }
}

TEST_CASE("legends of a panel tell its series apart") {
  for (const auto& dashboard : all_dashboards()) {
    for (const auto& row : dashboard.panels) {
      for (std::size_t i = 0; i < row.queries.size() && row.queries.size() > 1; ++i) {
        CHECK_MESSAGE(!row.queries[i].legend.empty(), dashboard.uid << " / " << row.title);
      }
    }
  }
}
