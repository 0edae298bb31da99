// SPDX-License-Identifier: Apache-2.0
// Parses the dashboard rows and checks what Grafana would only show as an empty panel.
#include "lib/catalog/dashboards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/catalog/signal.hpp"
#include "lib/yaml/read.hpp"
#include "lib/yaml/typed.hpp"

namespace obsctl::catalog {
namespace {

std::string clean(const yaml::Node& row, std::string_view key) {
  return std::string(trim(row.text_or(key, "")));
}

Result<std::optional<double>> optional_number(const yaml::Node& row, std::string_view key) {
  if (row.find(key) == nullptr) {
    return std::optional<double>();
  }
  OBS_TRY_ASSIGN(const double value, row.number(key));
  return std::optional<double>(value);
}

Result<std::vector<PanelQuery>> parse_queries(const yaml::Node& row) {
  std::vector<PanelQuery> out;
  if (const yaml::Node* list = row.find("queries")) {
    for (const auto& item : list->items) {
      OBS_TRY(item.only({"expr", "legend", "unit"}));
      OBS_TRY_ASSIGN(const std::string expr, item.text("expr"));
      out.push_back({std::string(trim(expr)), clean(item, "legend"), clean(item, "unit")});
    }
  } else if (row.find("expr") != nullptr) {
    OBS_TRY_ASSIGN(const std::string expr, row.text("expr"));
    out.push_back({std::string(trim(expr)), clean(row, "legend"), ""});
  }
  return out;
}

Result<std::vector<ThresholdStep>> parse_thresholds(const yaml::Node& row) {
  std::vector<ThresholdStep> out;
  const yaml::Node* steps = row.find("thresholds");
  if (steps == nullptr) {
    return out;
  }
  for (const auto& step : steps->entries) {
    ThresholdStep parsed{step.key, {}};
    if (step.value.is_scalar()) {
      OBS_TRY_ASSIGN(const double from, steps->number(step.key));
      parsed.from = from;
    }
    if (parsed.from.has_value() == out.empty()) {
      return fail_at(step.at, "only the first threshold has no value",
                     "write {green: , orange: 0.7, red: 0.9}");
    }
    out.push_back(std::move(parsed));
  }
  return out;
}

// "1: up" is about one value, "'> 3600': long" about all from there on.
Result<std::vector<ValueText>> parse_mappings(const yaml::Node& row) {
  std::vector<ValueText> out;
  const yaml::Node* mappings = row.find("mappings");
  if (mappings == nullptr) {
    return out;
  }
  for (const auto& mapping : mappings->entries) {
    const bool above = mapping.key.starts_with('>');
    const std::string value(trim(std::string_view(mapping.key).substr(above ? 1 : 0)));
    if (above && !parse_number(value)) {
      return fail_at(mapping.at, fmt::format("'{}' is not a number", value),
                     "write {'> 3600': long}");
    }
    out.push_back({value, mapping.value.scalar, above});
  }
  return out;
}

// What only tables have.
Result<void> parse_table(const yaml::Node& row, Panel& out) {
  for (const char* key : {"columns", "rename", "sort", "links"}) {
    if (const yaml::Node* node = row.find(key); node != nullptr && out.kind != PanelKind::table) {
      return fail_at(node->at, fmt::format("only a table has '{}'", key));
    }
  }
  if (const yaml::Node* columns = row.find("columns")) {
    std::ranges::transform(columns->items, std::back_inserter(out.columns), &yaml::Node::scalar);
  }
  out.rename = row.text_or("rename", "");
  out.sort = row.text_or("sort", "");
  if (const yaml::Node* links = row.find("links")) {
    for (const auto& link : links->entries) {
      out.links.emplace_back(link.key, link.value.scalar);
    }
  }
  if (out.kind == PanelKind::table && out.columns.empty()) {
    return fail_at(row.at, fmt::format("table '{}' has no columns", out.title),
                   "name the labels that say what a value belongs to: columns: [job, instance]");
  }
  return {};
}

Result<void> check_panel(const yaml::Node& row, const Panel& panel) {
  const bool shows_data = panel.kind != PanelKind::row && panel.kind != PanelKind::text;
  if (shows_data && panel.queries.empty()) {
    return fail_at(row.at, fmt::format("panel '{}' has no query", panel.title));
  }
  if (panel.kind != PanelKind::row && panel.description.empty()) {
    return fail_at(row.at, fmt::format("panel '{}' has no description", panel.title),
                   "say what a reader learns from it");
  }
  return {};
}

// Whose store a panel or a drop-down asks.
Result<std::string> parse_signal(const yaml::Node& row) {
  std::string signal = row.text_or("signal", "metrics");
  if (!signal_named(signal)) {
    return fail_at(row.find("signal")->at, fmt::format("'{}' is not a signal", signal),
                   fmt::format("use one of {}", join(signal_names(), ", ")));
  }
  return signal;
}

Result<Panel> parse_panel(const yaml::Node& row) {
  OBS_TRY(row.only({"kind",    "title",    "when",        "signal",     "expr",     "legend",
                    "queries", "unit",     "description", "thresholds", "mappings", "min",
                    "max",     "decimals", "no_value",    "opens",      "columns",  "rename",
                    "sort",    "links",    "stacked",     "negative",   "wide"}));
  Panel out;
  out.at = row.at;
  OBS_TRY_ASSIGN(out.kind, read_choice<PanelKind>(row, "kind"));
  OBS_TRY_ASSIGN(out.title, row.text("title"));
  out.when = row.text_or("when", "");
  OBS_TRY_ASSIGN(out.signal, parse_signal(row));
  OBS_TRY_ASSIGN(out.queries, parse_queries(row));
  out.unit = row.text_or("unit", "");
  out.description = clean(row, "description");
  OBS_TRY_ASSIGN(out.thresholds, parse_thresholds(row));
  OBS_TRY_ASSIGN(out.mappings, parse_mappings(row));
  OBS_TRY_ASSIGN(out.min, optional_number(row, "min"));
  OBS_TRY_ASSIGN(out.max, optional_number(row, "max"));
  OBS_TRY_ASSIGN(const auto decimals, optional_number(row, "decimals"));
  if (decimals) {
    out.decimals = static_cast<int>(*decimals);
  }
  out.no_value = row.text_or("no_value", "");
  out.opens = row.text_or("opens", "");
  OBS_TRY(parse_table(row, out));
  OBS_TRY(read_quantity(row, "stacked", out.stacked, parse_bool, false));
  OBS_TRY(read_quantity(row, "negative", out.negative, parse_bool, false));
  OBS_TRY(read_quantity(row, "wide", out.wide, parse_bool, false));
  OBS_TRY(check_panel(row, out));
  return out;
}

Result<Variable> parse_variable(const yaml::Entry& entry) {
  OBS_TRY(entry.value.only({"label", "signal", "query"}));
  Variable out;
  out.name = entry.key;
  OBS_TRY_ASSIGN(out.signal, parse_signal(entry.value));
  OBS_TRY_ASSIGN(out.label, entry.value.text("label"));
  if (signal_named(out.signal) == Signal::logs) {
    OBS_TRY(entry.value.only({"label", "signal"}));
    return out;
  }
  OBS_TRY_ASSIGN(out.query, entry.value.text("query"));
  return out;
}

Result<Annotation> parse_annotation(const yaml::Node& row) {
  OBS_TRY(row.only({"name", "expr", "title", "text", "colour"}));
  Annotation out;
  OBS_TRY_ASSIGN(out.name, row.text("name"));
  OBS_TRY_ASSIGN(const std::string expr, row.text("expr"));
  out.expr = trim(expr);
  OBS_TRY_ASSIGN(out.title, row.text("title"));
  out.text = row.text_or("text", "");
  OBS_TRY_ASSIGN(out.colour, row.text("colour"));
  return out;
}

}  // namespace

Result<EveryDashboard> parse_every_dashboard(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY(root.only({"annotations", "first"}));
  OBS_TRY_ASSIGN(const yaml::Node* annotations, root.require("annotations"));
  OBS_TRY_ASSIGN(const yaml::Node* first, root.require("first"));
  Problems problems;
  EveryDashboard out;
  for (const auto& row : annotations->items) {
    problems.take(out.annotations.emplace_back(), parse_annotation(row));
  }
  for (const auto& row : first->items) {
    problems.take(out.first.emplace_back(), parse_panel(row));
  }
  OBS_TRY(problems.done());
  return out;
}

Result<Dashboard> parse_dashboard(std::string_view text, const std::string& file,
                                  const std::string& component) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  std::vector<std::string> keys = {"uid", "title", "description", "window", "variables", "panels"};
  if (component.empty()) {
    keys.insert(keys.end(), {"component", "watches"});
  }
  OBS_TRY(root.only(keys));
  Problems problems;
  Dashboard out;
  out.file = file;
  problems.take(out.uid, root.text("uid"));
  problems.take(out.title, root.text("title"));
  problems.take(out.description, root.text("description"));
  out.component = root.text_or("component", component);
  out.watches = root.text_or("watches", component);
  out.window = root.text_or("window", "now-6h");
  if (const yaml::Node* variables = root.find("variables")) {
    for (const auto& entry : variables->entries) {
      problems.take(out.variables.emplace_back(), parse_variable(entry));
    }
  }
  const yaml::Node* panels = nullptr;
  if (!problems.take(panels, root.require("panels"))) {
    return Failure(problems.done().error());
  }
  std::size_t shown = 0;
  for (const auto& row : panels->items) {
    problems.take(out.panels.emplace_back(), parse_panel(row));
    shown += out.panels.back().kind == PanelKind::row ? 0 : 1;
  }
  if (shown > k_max_panels) {
    problems.add(fail_at(panels->at, fmt::format("{} panels are too many for one page", shown),
                         fmt::format("split the dashboard, {} is the limit", k_max_panels))
                     .value());
  }
  OBS_TRY(problems.done());
  return out;
}

std::vector<DashboardQuery> queries_of(const Dashboard& dashboard) {
  std::vector<DashboardQuery> out;
  for (const auto& panel : dashboard.panels) {
    for (const auto& query : panel.queries) {
      out.push_back({dashboard.uid, panel.title, panel.signal, query.expr});
    }
  }
  return out;
}

std::string runnable(const Dashboard& dashboard, std::string expr) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> k_builtin = {
      {{"$__rate_interval", "5m"}, {"$__range", "1h"}, {"$__interval", "1m"}, {"$__auto", "5m"}}};
  for (const auto& [name, value] : k_builtin) {
    expr = replace_all(std::move(expr), name, value);
  }
  for (const auto& variable : dashboard.variables) {
    expr = replace_all(std::move(expr), "${" + variable.name + "}", ".+");
    expr = replace_all(std::move(expr), "$" + variable.name, ".+");
  }
  return expr;
}

}  // namespace obsctl::catalog
