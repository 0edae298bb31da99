// SPDX-License-Identifier: Apache-2.0
// Grafana dashboards as compact data: one row per panel, from
// templates/components/<name>/dashboard.yaml, and templates/catalog/dashboards/*.yaml for those of
// the stack as a whole.
//
// A dashboard in Grafana's own JSON is some two thousand lines of which forty are decisions. The
// rows here are those decisions; lib/render/grafana.cpp adds the layout and the rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"

namespace obsctl::catalog {

struct PanelQuery {
  std::string expr;    // in the language of the signal's store
  std::string legend;  // Grafana legend template, "{{exporter}}"; of a table, its column's name
  std::string unit;    // of a table's column; empty: the panel's
};

// A text instead of a value.
struct ValueText {
  std::string value;   // "1"
  std::string text;    // "up"
  bool above = false;  // instead of every value from `value` on
};

// A colour that begins at a value; the first step of a panel has none.
struct ThresholdStep {
  std::string colour;
  std::optional<double> from;
};

enum class PanelKind { row, stat, gauge, timeseries, table, bars, logs, text };

constexpr auto names_of(PanelKind) {
  return std::to_array<Named<PanelKind>>({{PanelKind::row, "row"},
                                          {PanelKind::stat, "stat"},
                                          {PanelKind::gauge, "gauge"},
                                          {PanelKind::timeseries, "timeseries"},
                                          {PanelKind::table, "table"},
                                          {PanelKind::bars, "bars"},
                                          {PanelKind::logs, "logs"},
                                          {PanelKind::text, "text"}});
}

struct Panel {
  PanelKind kind = PanelKind::row;
  std::string title;
  std::string when;    // value that must be on, for example "sampled"; empty: always
  std::string signal;  // whose store is asked: metrics, traces or logs
  std::vector<PanelQuery> queries;
  std::string unit;         // Grafana unit id: "bytes", "ops", "percentunit"
  std::string description;  // what a reader learns from it; Markdown body of a text panel
  std::vector<ThresholdStep> thresholds;
  std::vector<ValueText> mappings;
  std::optional<double> min;
  std::optional<double> max;
  std::optional<int> decimals;
  std::string no_value;  // what stands there without data; empty: "no data"
  std::string opens;     // uid of the dashboard that a click on the tile leads to
  // Of a table: labels that are its columns, in their order; the values follow, or stand where their
  // name is.
  std::vector<std::string> columns;
  std::string rename;  // name of the value column of a table with one query
  std::string sort;    // column to sort by, ascending; empty: by the first value, descending
  std::vector<std::pair<std::string, std::string>> links;  // column → where its cells lead to
  bool stacked = false;                                    // timeseries: areas on top of each other
  bool negative = false;                                   // timeseries: values may be below zero
  bool wide = false;                                       // the full width instead of half of it
  SourcePos at = {};                                       // the row
};

// A drop-down above the dashboard, filled by a query.
struct Variable {
  std::string name;
  std::string label;
  std::string signal;
  std::string query;  // label_values(metric, label); of logs: none, it lists the services
};

// Moments that every graph of a dashboard marks.
struct Annotation {
  std::string name;
  std::string expr;   // PromQL; marked where it has a value
  std::string title;  // Grafana legend template
  std::string text;   // likewise
  std::string colour;
};

struct Dashboard {
  std::string uid;
  std::string title;
  std::string description;
  std::string component;  // topology component it shows; empty: always there
  std::string watches;    // label `component` of the alerts that lead to it; empty: none
  std::string file;       // where its rows are
  std::string window;     // time range on opening: "now-6h"
  std::vector<Variable> variables;
  std::vector<Annotation> annotations;
  std::vector<Panel> panels;
};

// What dashboards have in common, from templates/catalog/every_dashboard.yaml.
struct EveryDashboard {
  std::vector<Annotation> annotations;  // of all
  std::vector<Panel> first;             // panels in front of those of a component
};

struct DashboardQuery {
  std::string dashboard;
  std::string panel;
  std::string signal;
  std::string expr;
};

// Grafana shows no more than this at once without scrolling for minutes; the seeds' review rule is
// 50, ours is stricter so that each page stays readable.
inline constexpr std::size_t k_max_panels = 20;

// `component` is the one whose folder has the file; empty for a page of the stack, which may name
// one itself. Errors: unknown keys or kinds, a panel without query, more than k_max_panels; all of
// a file (Error::more), with file:line:column.
[[nodiscard]] Result<Dashboard> parse_dashboard(std::string_view text, const std::string& file,
                                                const std::string& component = "");

// Errors: as above.
[[nodiscard]] Result<EveryDashboard> parse_every_dashboard(std::string_view text,
                                                           const std::string& file);

// Every query of a dashboard, as it stands (with Grafana's $variables).
[[nodiscard]] std::vector<DashboardQuery> queries_of(const Dashboard& dashboard);

// A query with Grafana's variables replaced by values that the backend itself understands, so that
// it can be parsed and run without Grafana ($__rate_interval → 5m, $__range → 1h, every drop-down →
// .+).
[[nodiscard]] std::string runnable(const Dashboard& dashboard, std::string expr);

}  // namespace obsctl::catalog
