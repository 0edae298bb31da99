// SPDX-License-Identifier: Apache-2.0
// The pieces that observe.cpp puts together; private to lib/render.
#pragma once

#include <string>
#include <vector>

#include "lib/catalog/alerts.hpp"
#include "lib/catalog/dashboards.hpp"
#include "lib/render/sources.hpp"

namespace obsctl::observe {

// One Prometheus rule file. Comments carry what a label cannot: why a rule is as it is.
[[nodiscard]] std::string alert_file(const std::vector<catalog::AlertRule>& alerts);
[[nodiscard]] std::string recording_file(const std::vector<catalog::RecordingRule>& rules);

// A promtool test file for these rules: per alert one case that must fire and one that must not.
// `rule_files` are written as given, relative to the test file.
[[nodiscard]] std::string rule_test_file(const std::vector<catalog::AlertRule>& alerts,
                                         const std::vector<std::string>& rule_files);

// The dashboard in Grafana's JSON, panels laid out from left to right and top to bottom. `sources`
// has every signal that a panel or a drop-down asks.
[[nodiscard]] std::string dashboard_json(const catalog::Dashboard& dashboard,
                                         const SourceOf& sources);

}  // namespace obsctl::observe
