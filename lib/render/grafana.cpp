// SPDX-License-Identifier: Apache-2.0
// Expands a dashboard's rows into Grafana's JSON: layout, defaults and everything nobody should
// type.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "lib/base/text.hpp"
#include "lib/render/observe_parts.hpp"

namespace obsctl::observe {
namespace {

using Json = nlohmann::ordered_json;
using catalog::Dashboard;
using catalog::DataSource;
using catalog::Panel;
using catalog::PanelKind;

constexpr int k_grid = 24;  // columns of Grafana's grid
constexpr int k_tile_height = 4;
constexpr int k_graph_height = 8;
constexpr std::size_t k_tiles_per_line = 6;
constexpr int k_schema_version = 41;  // migrated upwards by newer Grafanas

bool is_tile(const Panel& panel) {
  return panel.kind == PanelKind::stat || panel.kind == PanelKind::gauge;
}

Json source_ref(const DataSource& source) {
  return {{"type", source.type}, {"uid", source.uid}};
}

Json thresholds(const Panel& panel) {
  Json steps = Json::array();
  for (const auto& step : panel.thresholds) {
    steps.push_back({{"color", step.colour}, {"value", step.from ? Json(*step.from) : Json()}});
  }
  if (steps.empty()) {
    steps.push_back({{"color", is_tile(panel) ? "blue" : "green"}, {"value", nullptr}});
  }
  return {{"mode", "absolute"}, {"steps", steps}};
}

Json mappings(const Panel& panel) {
  if (panel.mappings.empty()) {
    return Json::array();
  }
  Json options = Json::object();
  int index = 0;
  for (const auto& [value, text] : panel.mappings) {
    options[value] = {{"text", text}, {"index", index++}};
  }
  return Json::array({{{"type", "value"}, {"options", options}}});
}

Json line_style(const Panel& panel) {
  return {{"drawStyle", "line"},
          {"lineInterpolation", "linear"},
          {"lineWidth", 1},
          {"fillOpacity", panel.stacked ? 30 : 8},
          {"gradientMode", "none"},
          {"showPoints", "never"},
          {"spanNulls", false},
          {"stacking", {{"mode", panel.stacked ? "normal" : "none"}, {"group", "A"}}},
          // A limit only helps on the graph when it is drawn there.
          {"thresholdsStyle", {{"mode", panel.thresholds.size() > 1 ? "dashed" : "off"}}}};
}

Json field_defaults(const Panel& panel) {
  Json out = {{"unit", panel.unit.empty() ? "short" : panel.unit},
              {"thresholds", thresholds(panel)},
              {"mappings", mappings(panel)}};
  if (panel.min) {
    out["min"] = *panel.min;
  } else if (panel.kind == PanelKind::timeseries) {
    out["min"] = 0;
  }
  if (panel.max) {
    out["max"] = *panel.max;
  }
  if (panel.decimals) {
    out["decimals"] = *panel.decimals;
  }
  if (panel.kind == PanelKind::timeseries) {
    out["color"] = {{"mode", "palette-classic"}};
    out["custom"] = line_style(panel);
  } else {
    out["color"] = {{"mode", "thresholds"}};
  }
  return out;
}

Json options(const Panel& panel) {
  const Json reduce = {{"calcs", {"lastNotNull"}}, {"fields", ""}, {"values", false}};
  if (panel.kind == PanelKind::stat) {
    return {{"reduceOptions", reduce}, {"colorMode", "value"}, {"graphMode", "area"},
            {"justifyMode", "auto"},   {"textMode", "auto"},   {"orientation", "auto"}};
  }
  if (panel.kind == PanelKind::gauge) {
    return {{"reduceOptions", reduce}, {"showThresholdMarkers", true}};
  }
  if (panel.kind == PanelKind::bars) {
    return {{"reduceOptions", reduce}, {"displayMode", "gradient"}, {"orientation", "horizontal"}};
  }
  if (panel.kind == PanelKind::logs) {
    return {{"showTime", true},          {"wrapLogMessage", true},  {"enableLogDetails", true},
            {"sortOrder", "Descending"}, {"dedupStrategy", "none"}, {"showLabels", false}};
  }
  if (panel.kind == PanelKind::text) {
    return {{"mode", "markdown"}, {"content", panel.description}};
  }
  if (panel.kind == PanelKind::table) {
    return {{"showHeader", true}, {"cellHeight", "sm"}};
  }
  const bool table = panel.queries.size() > 1 || !panel.queries.front().legend.empty();
  return {{"legend",
           {{"displayMode", table && panel.wide ? "table" : "list"},
            {"placement", table && panel.wide ? "right" : "bottom"},
            {"showLegend", true},
            {"calcs", table && panel.wide ? Json::array({"lastNotNull", "max"}) : Json::array()}}},
          {"tooltip", {{"mode", "multi"}, {"sort", "desc"}}}};
}

Json targets(const Panel& panel, const DataSource& source) {
  Json out = Json::array();
  char id = 'A';
  for (const auto& query : panel.queries) {
    Json target = {{"refId", std::string(1, id++)},
                   {"datasource", source_ref(source)},
                   {"expr", query.expr},
                   {"editorMode", "code"}};
    if (!query.legend.empty()) {
      target["legendFormat"] = query.legend;
    }
    const bool one_moment = panel.kind == PanelKind::table || panel.kind == PanelKind::bars;
    if (const auto& types = source.query_types; !types.now.empty()) {
      target["queryType"] = panel.kind == PanelKind::logs ? types.records
                            : one_moment                  ? types.now
                                                          : types.over_time;
    } else {
      target["instant"] = one_moment;
      target["range"] = !one_moment;
      target["exemplar"] = panel.kind == PanelKind::timeseries &&
                           query.expr.find("histogram_quantile") != std::string::npos;
      target["format"] = panel.kind == PanelKind::table ? "table" : "time_series";
    }
    out.push_back(std::move(target));
  }
  return out;
}

// A table shows one line per series; the time of an instant query is the same in every line.
Json transformations(const Panel& panel) {
  if (panel.kind != PanelKind::table) {
    return Json::array();
  }
  Json out = Json::array();
  if (panel.queries.size() > 1) {
    out.push_back({{"id", "merge"}, {"options", Json::object()}});
  }
  Json renamed = Json::object();
  renamed["Value"] = panel.rename.empty() ? panel.title : panel.rename;
  out.push_back(
      {{"id", "organize"},
       {"options",
        {{"excludeByName", {{"Time", true}, {"__name__", true}}}, {"renameByName", renamed}}}});
  out.push_back(
      {{"id", "sortBy"},
       {"options", {{"sort", Json::array({{{"field", renamed["Value"]}, {"desc", true}}})}}}});
  return out;
}

std::string grafana_type(const Panel& panel) {
  return std::string(panel.kind == PanelKind::bars ? "bargauge" : name_of(panel.kind));
}

Json panel_json(const Panel& panel, const SourceOf& sources, int id, const Json& place) {
  Json out = {{"id", id}, {"type", grafana_type(panel)}, {"title", panel.title}};
  if (panel.kind == PanelKind::row) {
    out["collapsed"] = false;
    out["panels"] = Json::array();
    out["gridPos"] = place;
    return out;
  }
  out["gridPos"] = place;
  if (panel.kind != PanelKind::text) {
    out["description"] = panel.description;
    const DataSource& source = sources.at(panel.signal);
    out["datasource"] = source_ref(source);
    out["fieldConfig"] = {{"defaults", field_defaults(panel)}, {"overrides", Json::array()}};
    out["targets"] = targets(panel, source);
    if (Json steps = transformations(panel); !steps.empty()) {
      out["transformations"] = std::move(steps);
    }
  }
  out["options"] = options(panel);
  return out;
}

// Fills the grid line by line: headings and wide panels take a line, tiles share one in equal
// parts, and graphs stand two by two; an odd last one takes the whole line, so no space is left
// empty.
class Layout {
 public:
  explicit Layout(const SourceOf& sources) : sources_(sources) {}

  Json add(const std::vector<Panel>& panels) {
    for (std::size_t at = 0; at < panels.size();) {
      const std::size_t count = line_length(panels, at);
      const bool tiles = is_tile(panels[at]);
      const int height = panels[at].kind == PanelKind::row ? 1
                         : tiles                           ? k_tile_height
                                                           : k_graph_height;
      for (std::size_t i = 0; i < count; ++i) {
        const int width = k_grid / static_cast<int>(count);
        const Json place = {
            {"x", static_cast<int>(i) * width}, {"y", y_}, {"w", width}, {"h", height}};
        out_.push_back(panel_json(panels[at + i], sources_, ++id_, place));
      }
      y_ += height;
      at += count;
    }
    return std::move(out_);
  }

 private:
  static bool alone(const Panel& panel) { return panel.kind == PanelKind::row || panel.wide; }

  // How many of the panels from `at` on share a line.
  static std::size_t line_length(const std::vector<Panel>& panels, std::size_t at) {
    if (alone(panels[at])) {
      return 1;
    }
    std::size_t run = 1;
    while (at + run < panels.size() && !alone(panels[at + run]) &&
           is_tile(panels[at + run]) == is_tile(panels[at])) {
      ++run;
    }
    if (!is_tile(panels[at])) {
      return std::min<std::size_t>(run, 2);
    }
    // Lines of tiles are as even as possible and divide the grid: 8 tiles are 4 + 4, 5 are 3 + 2.
    std::size_t count = std::min(run, k_tiles_per_line);
    if (run > k_tiles_per_line) {
      count = (run + 1) / 2;
    }
    while (count > k_tiles_per_line || k_grid % count != 0) {
      --count;
    }
    return count;
  }

  const SourceOf& sources_;
  Json out_ = Json::array();
  int y_ = 0;
  int id_ = 0;
};

Json variables(const Dashboard& dashboard, const SourceOf& sources) {
  Json list = Json::array();
  for (const auto& variable : dashboard.variables) {
    const DataSource& source = sources.at(variable.signal);
    const Json query =
        source.services.empty() ? Json(variable.query) : Json::parse(source.services);
    list.push_back({{"name", variable.name},
                    {"label", variable.label},
                    {"type", "query"},
                    {"datasource", source_ref(source)},
                    {"query", query},
                    {"refresh", 2},
                    {"sort", 1},
                    {"multi", true},
                    {"includeAll", true},
                    {"allValue", ".+"},
                    {"current", {{"text", "All"}, {"value", "$__all"}}}});
  }
  return {{"list", list}};
}

}  // namespace

std::string dashboard_json(const Dashboard& dashboard, const SourceOf& sources) {
  const Json links = Json::array({{{"title", "Stack"},
                                   {"type", "dashboards"},
                                   {"tags", {"obsctl"}},
                                   {"asDropdown", true},
                                   {"includeVars", false},
                                   {"keepTime", true},
                                   {"icon", "external link"},
                                   {"tooltip", ""},
                                   {"url", ""},
                                   {"targetBlank", false}}});
  const Json out = {{"uid", dashboard.uid},
                    {"title", dashboard.title},
                    {"description", dashboard.description},
                    {"tags", {"obsctl"}},
                    {"editable", false},
                    {"graphTooltip", 1},
                    {"refresh", "30s"},
                    {"schemaVersion", k_schema_version},
                    {"time", {{"from", dashboard.window}, {"to", "now"}}},
                    {"timezone", "browser"},
                    {"links", links},
                    {"annotations", {{"list", Json::array()}}},
                    {"templating", variables(dashboard, sources)},
                    {"panels", Layout(sources).add(dashboard.panels)}};
  return out.dump(2) + "\n";
}

}  // namespace obsctl::observe
