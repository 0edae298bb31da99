// SPDX-License-Identifier: Apache-2.0
// One panel in Grafana's JSON: what a row decided, and the defaults that nobody should type.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "lib/base/text.hpp"
#include "lib/render/observe_parts.hpp"

namespace obsctl::observe {
namespace {

using Json = nlohmann::ordered_json;
using catalog::DataSource;
using catalog::Panel;
using catalog::PanelKind;
using catalog::PanelQuery;

// What shows one moment. A tile over time would keep the last value of a thing that is gone.
bool is_instant(const Panel& panel) {
  return is_tile(panel) || panel.kind == PanelKind::table || panel.kind == PanelKind::bars;
}

bool has_legend(const Panel& panel) {
  return std::ranges::any_of(panel.queries,
                             [](const PanelQuery& query) { return !query.legend.empty(); });
}

Json thresholds(const Panel& panel) {
  Json steps = Json::array();
  for (const auto& step : panel.thresholds) {
    steps.push_back({{"color", step.colour}, {"value", step.from ? Json(*step.from) : Json()}});
  }
  if (steps.empty()) {
    const bool graph = panel.kind == PanelKind::timeseries;
    steps.push_back({{"color", graph ? "green" : "blue"}, {"value", nullptr}});
  }
  return {{"mode", "absolute"}, {"steps", steps}};
}

// Nothing is neither good nor bad, so it must not get the colour of the lowest threshold.
Json without_value(const Panel& panel) {
  const std::string text = panel.no_value.empty() ? "no data" : panel.no_value;
  return {
      {"type", "special"},
      {"options",
       {{"match", "null+nan"}, {"result", {{"text", text}, {"color", "text"}, {"index", 99}}}}}};
}

Json mappings(const Panel& panel) {
  Json out = Json::array();
  Json values = Json::object();
  int index = 0;
  for (const auto& mapping : panel.mappings) {
    if (mapping.above) {
      out.push_back({{"type", "range"},
                     {"options",
                      {{"from", Json::parse(mapping.value)},
                       {"to", nullptr},
                       {"result", {{"text", mapping.text}, {"index", index++}}}}}});
    } else {
      values[mapping.value] = {{"text", mapping.text}, {"index", index++}};
    }
  }
  if (!values.empty()) {
    out.push_back({{"type", "value"}, {"options", values}});
  }
  if (is_tile(panel)) {
    out.push_back(without_value(panel));
  }
  return out;
}

// A line at zero would otherwise stand on an axis up to a hundred.
double least_axis(const std::string& unit) {
  if (unit == "s") {
    return 0.001;
  }
  if (unit == "percentunit") {
    return 0.01;
  }
  return unit.empty() || unit == "short" ? 0.1 : 1;
}

Json line_style(const Panel& panel) {
  Json out = {{"drawStyle", "line"},
              {"lineInterpolation", "linear"},
              {"lineWidth", 1},
              {"fillOpacity", panel.stacked ? 30 : 8},
              {"gradientMode", "none"},
              {"showPoints", "never"},
              {"spanNulls", false},
              {"stacking", {{"mode", panel.stacked ? "normal" : "none"}, {"group", "A"}}},
              // A threshold only helps on the graph when it is drawn there.
              {"thresholdsStyle", {{"mode", panel.thresholds.size() > 1 ? "dashed" : "off"}}}};
  if (panel.negative) {
    out["axisSoftMin"] = 0;
  }
  if (!panel.max) {
    out["axisSoftMax"] = least_axis(panel.unit);
  }
  return out;
}

// Where a click on a tile leads to; nothing when the stack does not have that dashboard.
Json tile_links(const Panel& panel, const Surroundings& stack) {
  if (std::ranges::find(stack.dashboards, panel.opens) == stack.dashboards.end()) {
    return Json::array();
  }
  return Json::array({{{"title", "Details"}, {"url", "/d/" + panel.opens}}});
}

Json field_defaults(const Panel& panel, const Surroundings& stack) {
  Json out = {{"unit", panel.unit.empty() ? "short" : panel.unit},
              {"noValue", panel.no_value.empty() ? "no data" : panel.no_value},
              {"thresholds", thresholds(panel)},
              {"mappings", mappings(panel)}};
  const bool from_zero = panel.kind == PanelKind::timeseries || panel.kind == PanelKind::bars;
  if (panel.min) {
    out["min"] = *panel.min;
  } else if (from_zero && !panel.negative) {
    out["min"] = 0;
  }
  if (panel.max) {
    out["max"] = *panel.max;
  }
  if (panel.decimals) {
    out["decimals"] = *panel.decimals;
  } else if (panel.unit == "percentunit") {
    out["decimals"] = 1;
  }
  if (panel.kind == PanelKind::timeseries) {
    out["color"] = {{"mode", "palette-classic"}};
    out["custom"] = line_style(panel);
  } else {
    out["color"] = {{"mode", "thresholds"}};
  }
  if (Json links = tile_links(panel, stack); !links.empty()) {
    out["links"] = std::move(links);
  }
  return out;
}

// The name that a table's query gives its values, and how Grafana calls them before that.
std::string column_of(const Panel& panel, const PanelQuery& query) {
  if (!query.legend.empty()) {
    return query.legend;
  }
  return panel.rename.empty() ? panel.title : panel.rename;
}

std::string raw_column(const Panel& panel, std::size_t query) {
  return panel.queries.size() == 1 ? "Value" : "Value #" + std::string(1, char('A' + query));
}

Json override_of(const std::string& column, const Json& properties) {
  return {{"matcher", {{"id", "byName"}, {"options", column}}}, {"properties", properties}};
}

Json property(const char* id, const Json& value) {
  return {{"id", id}, {"value", value}};
}

const Json& coloured_text() {
  static const Json k_cell = property("custom.cellOptions", {{"type", "color-text"}});
  return k_cell;
}

// A column of component names that shows, and with a link leads to, their dashboards.
Json dashboard_mappings(const Surroundings& stack) {
  Json options = Json::object();
  int index = 0;
  for (const auto& [component, uid] : stack.dashboard_of) {
    options[component] = {{"text", uid}, {"index", index++}};
  }
  return Json::array({{{"type", "value"}, {"options", options}}});
}

Json table_overrides(const Panel& panel, const Surroundings& stack) {
  Json out = Json::array();
  for (const auto& query : panel.queries) {
    Json properties = Json::array();
    if (!query.unit.empty()) {
      properties.push_back(property("unit", query.unit));
    }
    if (!panel.thresholds.empty()) {
      properties.push_back(coloured_text());
    }
    if (!properties.empty()) {
      out.push_back(override_of(column_of(panel, query), properties));
    }
  }
  for (const auto& column : panel.columns) {
    if (column == "severity") {
      out.push_back(override_of(
          column, Json::array({property("mappings", severity_mappings()), coloured_text()})));
    } else if (column == "dashboard") {
      out.push_back(
          override_of(column, Json::array({property("mappings", dashboard_mappings(stack))})));
    }
  }
  for (const auto& [column, url] : panel.links) {
    const Json link = {{"title", "Open"}, {"url", url}};
    out.push_back(override_of(column, Json::array({property("links", Json::array({link}))})));
  }
  // What an empty table says would else stand in every cell of a label that a series does not have.
  out.push_back({{"matcher", {{"id", "byType"}, {"options", "string"}}},
                 {"properties", Json::array({property("noValue", "-")})}});
  return out;
}

// Shows the columns that the row names, in that order, then the values.
Json table_steps(const Panel& panel) {
  std::vector<std::string> shown = panel.columns;
  Json renamed = Json::object();
  for (std::size_t i = 0; i < panel.queries.size(); ++i) {
    const std::string name = column_of(panel, panel.queries[i]);
    const std::string raw = raw_column(panel, i);
    renamed[raw] = name;
    if (const auto named = std::ranges::find(shown, name); named != shown.end()) {
      *named = raw;
    } else {
      shown.push_back(raw);
    }
  }
  Json order = Json::object();
  int index = 0;
  for (const auto& column : shown) {
    order[column] = index++;
  }
  const std::string by = panel.sort.empty() ? column_of(panel, panel.queries.front()) : panel.sort;
  Json out = Json::array();
  if (panel.queries.size() > 1) {
    out.push_back({{"id", "merge"}, {"options", Json::object()}});
  }
  out.push_back({{"id", "filterFieldsByName"}, {"options", {{"include", {{"names", shown}}}}}});
  out.push_back(
      {{"id", "organize"}, {"options", {{"indexByName", order}, {"renameByName", renamed}}}});
  out.push_back(
      {{"id", "sortBy"},
       {"options", {{"sort", Json::array({{{"field", by}, {"desc", panel.sort.empty()}}})}}}});
  return out;
}

Json options(const Panel& panel) {
  const Json reduce = {{"calcs", {"lastNotNull"}}, {"fields", ""}, {"values", false}};
  switch (panel.kind) {
    case PanelKind::stat:
      return {{"reduceOptions", reduce},
              {"colorMode", "value"},
              {"graphMode", "none"},
              {"justifyMode", "auto"},
              {"textMode", has_legend(panel) ? "value_and_name" : "value"},
              {"orientation", "auto"}};
    case PanelKind::gauge: return {{"reduceOptions", reduce}, {"showThresholdMarkers", true}};
    case PanelKind::bars:
      return {
          {"reduceOptions", reduce}, {"displayMode", "gradient"}, {"orientation", "horizontal"}};
    case PanelKind::logs:
      return {{"showTime", true},          {"wrapLogMessage", true},  {"enableLogDetails", true},
              {"sortOrder", "Descending"}, {"dedupStrategy", "none"}, {"showLabels", false}};
    case PanelKind::text: return {{"mode", "markdown"}, {"content", panel.description}};
    case PanelKind::table: return {{"showHeader", true}, {"cellHeight", "sm"}};
    default: break;
  }
  return {{"legend",
           {{"displayMode", "table"},
            {"placement", "right"},
            {"showLegend", true},
            {"calcs", {"lastNotNull", "max"}}}},
          {"tooltip", {{"mode", "multi"}, {"sort", "desc"}}}};
}

Json target(const Panel& panel, const PanelQuery& query, const DataSource& source) {
  Json out = {{"datasource", source_ref(source)}, {"expr", query.expr}, {"editorMode", "code"}};
  if (!query.legend.empty() && panel.kind != PanelKind::table) {
    out["legendFormat"] = query.legend;
  }
  if (const auto& types = source.query_types; !types.now.empty()) {
    out["queryType"] = panel.kind == PanelKind::logs ? types.records
                       : is_instant(panel)           ? types.now
                                                     : types.over_time;
    return out;
  }
  out["instant"] = is_instant(panel);
  out["range"] = !is_instant(panel);
  out["exemplar"] = panel.kind == PanelKind::timeseries &&
                    query.expr.find("histogram_quantile") != std::string::npos;
  out["format"] = panel.kind == PanelKind::table ? "table" : "time_series";
  return out;
}

Json targets(const Panel& panel, const DataSource& source) {
  Json out = Json::array();
  char id = 'A';
  for (const auto& query : panel.queries) {
    Json one = {{"refId", std::string(1, id++)}};
    one.update(target(panel, query, source));
    out.push_back(std::move(one));
  }
  return out;
}

std::string grafana_type(const Panel& panel) {
  return std::string(panel.kind == PanelKind::bars ? "bargauge" : name_of(panel.kind));
}

}  // namespace

Json source_ref(const DataSource& source) {
  return {{"type", source.type}, {"uid", source.uid}};
}

Json panel_json(const Panel& panel, const Surroundings& stack) {
  Json out = {{"type", grafana_type(panel)}, {"title", panel.title}};
  if (panel.kind == PanelKind::row) {
    out["collapsed"] = false;
    out["panels"] = Json::array();
    return out;
  }
  if (panel.kind != PanelKind::text) {
    const DataSource& source = stack.sources.at(panel.signal);
    const bool table = panel.kind == PanelKind::table;
    out["description"] = panel.description;
    out["datasource"] = source_ref(source);
    out["fieldConfig"] = {
        {"defaults", field_defaults(panel, stack)},
        {"overrides", table ? table_overrides(panel, stack) : colour_overrides(panel)}};
    out["targets"] = targets(panel, source);
    if (table) {
      out["transformations"] = table_steps(panel);
    }
  }
  if (is_tile(panel)) {
    // As many as Prometheus answers: a tile is about now, so the rate interval in it has to stay
    // the shortest one, whatever range of time is shown.
    out["maxDataPoints"] = 11000;
  }
  if (Json links = tile_links(panel, stack); !links.empty()) {
    out["links"] = std::move(links);
  }
  out["options"] = options(panel);
  return out;
}

}  // namespace obsctl::observe
