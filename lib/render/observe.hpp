// What watches the stack: rules, alert routing, data sources and dashboards as generated files.
#pragma once

#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/catalog/dashboards.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// Where the containers of the stack find the generated files; the compose file mounts them there.
namespace observe_paths {
inline constexpr auto rules = "configs/prometheus/rules";       // → /etc/prometheus/rules, *.yml
inline constexpr auto rule_tests = "configs/prometheus/tests";  // promtool tests, one per rule file
inline constexpr auto alertmanager = "configs/alertmanager";    // → /etc/alertmanager/config
inline constexpr auto grafana_provisioning =
    "configs/grafana/provisioning";  // → /etc/grafana/provisioning
inline constexpr auto grafana_dashboards = "configs/grafana/dashboards";
inline constexpr auto grafana_dashboards_mount = "/etc/grafana/dashboards";

// Secrets that alertmanager.yml names by file; the container sees them in this directory, readable
// by its user (65534). Only those whose receiver the spec configures are needed.
inline constexpr auto alertmanager_secrets = "/etc/alertmanager/secrets";
inline constexpr auto slack_url_secret =
    "slack-webhook-url";  // one line: https://hooks.slack.com/…
inline constexpr auto smtp_password_secret = "smtp-password";  // one line
}  // namespace observe_paths

// The values that expressions of the rule catalog may use: for every component `NAME.memory_bytes`,
// `NAME.cpus` and `NAME.disk_bytes`, and the settings of the components (see observe.cpp).
[[nodiscard]] Values rule_values(const Topology& topology);

// The catalog's rows for this stack: values filled in, rows of absent components left out. The
// runbook, the rule files and the tests all read these.
[[nodiscard]] Result<std::vector<catalog::AlertRule>> stack_alerts(const Topology& topology,
                                                                   const TemplateStore& store);
[[nodiscard]] Result<std::vector<catalog::RecordingRule>> stack_recording_rules(
    const Topology& topology, const TemplateStore& store);
[[nodiscard]] Result<std::vector<catalog::Dashboard>> stack_dashboards(const Topology& topology,
                                                                       const TemplateStore& store);

// Adds rule files, alertmanager.yml, Grafana's provisioning and the dashboards of the components
// that the topology has. Prometheus' scrape jobs must be named like the components
// ("otel-collector", "node-exporter"), because rules and dashboards select by them. Errors: a
// broken template or catalog row, with its position. `alerts` are those of stack_alerts(),
// `dashboards` those of stack_dashboards().
[[nodiscard]] Result<void> add_observability(FileTree& tree, const Topology& topology, const TemplateStore& store,
                                             const std::vector<catalog::AlertRule>& alerts,
                                             const std::vector<catalog::Dashboard>& dashboards);

}  // namespace obsctl
