// SPDX-License-Identifier: Apache-2.0
// The pieces that observe.cpp puts together; private to lib/render.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/catalog/alerts.hpp"
#include "lib/catalog/dashboards.hpp"
#include "lib/render/sources.hpp"
#include "lib/render/watch.hpp"

namespace obsctl::observe {

// One Prometheus rule file. Comments carry what a label cannot: why a rule is as it is.
[[nodiscard]] std::string alert_file(const std::vector<catalog::AlertRule>& alerts);
[[nodiscard]] std::string recording_file(const std::vector<catalog::RecordingRule>& rules);

// A promtool test file for these rules: per alert one case that must fire and one that must not.
// `rule_files` are written as given, relative to the test file.
[[nodiscard]] std::string rule_test_file(const std::vector<catalog::AlertRule>& alerts,
                                         const std::vector<std::string>& rule_files);

// What a dashboard needs to know of the stack: the source of every signal that a panel or a
// drop-down asks, and the other dashboards, which it links to.
struct Surroundings {
  SourceOf sources;
  std::vector<std::string> dashboards;                   // their uids
  std::map<std::string, std::string> dashboard_of = {};  // value of the label `component` → uid
};

[[nodiscard]] Surroundings surroundings_of(const Watch& watch);

// The dashboard in Grafana's JSON, panels laid out from left to right and top to bottom.
[[nodiscard]] std::string dashboard_json(const catalog::Dashboard& dashboard,
                                         const Surroundings& stack);

// A panel that is one value.
[[nodiscard]] inline bool is_tile(const catalog::Panel& panel) {
  return panel.kind == catalog::PanelKind::stat || panel.kind == catalog::PanelKind::gauge;
}

// How Grafana refers to a data source.
[[nodiscard]] nlohmann::ordered_json source_ref(const catalog::DataSource& source);

// One panel of it, without its place.
[[nodiscard]] nlohmann::ordered_json panel_json(const catalog::Panel& panel,
                                                const Surroundings& stack);

// Overrides that give what is drawn the colour of its meaning, the same on every dashboard.
[[nodiscard]] nlohmann::ordered_json colour_overrides(const catalog::Panel& panel);

// The severities of alerts as mappings of a column: its texts in their colours.
[[nodiscard]] nlohmann::ordered_json severity_mappings();

}  // namespace obsctl::observe
