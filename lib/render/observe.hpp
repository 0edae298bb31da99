// What watches the stack: rules, alert routing, data sources and dashboards as generated files.
#pragma once

#include "lib/base/error.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/render/watch.hpp"
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

// Adds rule files, alertmanager.yml, Grafana's provisioning and the dashboards of the components
// that the topology has. Errors: a broken template or catalog row, with its position. `watch` is
// what read_watch() gives for the same topology.
[[nodiscard]] Result<void> add_observability(FileTree& tree, const Topology& topology,
                                             const TemplateStore& store, const Watch& watch);

}  // namespace obsctl
