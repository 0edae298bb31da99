// SPDX-License-Identifier: Apache-2.0
// Expands a dashboard's rows into Grafana's JSON: layout, drop-downs, annotations and links between
// dashboards; its panels are in grafana_panel.cpp.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "lib/render/observe_parts.hpp"

namespace obsctl::observe {
namespace {

using Json = nlohmann::ordered_json;
using catalog::Dashboard;
using catalog::Panel;
using catalog::PanelKind;

constexpr int k_grid = 24;  // columns of Grafana's grid
constexpr int k_tile_height = 4;
constexpr int k_graph_height = 8;
constexpr int k_table_height = 12;  // ten rows below the header
constexpr std::size_t k_tiles_per_line = 6;
constexpr int k_schema_version = 41;  // migrated upwards by newer Grafanas

int height_of(const Panel& panel) {
  switch (panel.kind) {
    case PanelKind::row: return 1;
    case PanelKind::stat:
    case PanelKind::gauge: return k_tile_height;
    case PanelKind::table: return k_table_height;
    default: return k_graph_height;
  }
}

// Fills the grid line by line: headings and wide panels take a line, tiles share one in equal
// parts, and graphs stand two by two; an odd last one takes the whole line, so no space is left
// empty.
class Layout {
 public:
  explicit Layout(const Surroundings& stack) : stack_(stack) {}

  Json add(const std::vector<Panel>& panels) {
    for (std::size_t at = 0; at < panels.size();) {
      const std::size_t count = line_length(panels, at);
      int height = 0;
      for (std::size_t i = 0; i < count; ++i) {
        height = std::max(height, height_of(panels[at + i]));
      }
      for (std::size_t i = 0; i < count; ++i) {
        const int width = k_grid / static_cast<int>(count);
        Json panel = {{"id", ++id_}};
        panel.update(panel_json(panels[at + i], stack_));
        panel["gridPos"] = {
            {"x", static_cast<int>(i) * width}, {"y", y_}, {"w", width}, {"h", height}};
        out_.push_back(std::move(panel));
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

  const Surroundings& stack_;
  Json out_ = Json::array();
  int y_ = 0;
  int id_ = 0;
};

Json variables(const Dashboard& dashboard, const SourceOf& sources) {
  Json list = Json::array();
  for (const auto& variable : dashboard.variables) {
    const catalog::DataSource& source = sources.at(variable.signal);
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

Json annotations(const Dashboard& dashboard, const SourceOf& sources) {
  Json list = Json::array();
  for (const auto& annotation : dashboard.annotations) {
    list.push_back({{"name", annotation.name},
                    {"datasource", source_ref(sources.at("metrics"))},
                    {"enable", true},
                    {"iconColor", annotation.colour},
                    {"target", {{"refId", "Anno"}, {"expr", annotation.expr}, {"interval", "60s"}}},
                    {"titleFormat", annotation.title},
                    {"textFormat", annotation.text}});
  }
  return {{"list", list}};
}

}  // namespace

Surroundings surroundings_of(const Watch& watch) {
  Surroundings out;
  out.sources = source_of_signals(watch.sources);
  for (const auto& dashboard : watch.dashboards) {
    out.dashboards.push_back(dashboard.uid);
    if (!dashboard.watches.empty()) {
      out.dashboard_of[dashboard.watches] = dashboard.uid;
    }
  }
  return out;
}

std::string dashboard_json(const Dashboard& dashboard, const Surroundings& stack) {
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
                    {"annotations", annotations(dashboard, stack.sources)},
                    {"templating", variables(dashboard, stack.sources)},
                    {"panels", Layout(stack).add(dashboard.panels)}};
  return out.dump(2) + "\n";
}

}  // namespace obsctl::observe
