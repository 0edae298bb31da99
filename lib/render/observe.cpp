// Puts everything that watches the stack into the tree: rules, routing, data sources, dashboards.
#include "lib/render/observe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/parallel.hpp"
#include "lib/base/text.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/catalog/dashboards.hpp"
#include "lib/render/observe_parts.hpp"
#include "lib/render/values.hpp"

namespace obsctl {
namespace {

constexpr auto k_alerts = "catalog/alerts.yaml";
constexpr auto k_recording = "catalog/recording.yaml";

std::int64_t whole(double value) {
  return static_cast<std::int64_t>(std::llround(value));
}

// A catalog file with its [% … %] values filled in; positions in errors stay those of the file.
Result<std::string> filled(const TemplateStore& store, std::string_view path,
                           const Values& values) {
  OBS_TRY_ASSIGN(const Template source, store.find(path));
  return render_template(source, values, store);
}

// Rows whose component the stack does not have are left out, so that no rule watches a thing that
// is not there.
template <class Row>
std::vector<Row> present(std::vector<Row> rows, const Topology& topology) {
  std::erase_if(rows, [&topology](const Row& row) {
    return !row.component.empty() && topology.find(row.component) == nullptr;
  });
  return rows;
}

// Components whose limits the rules and dashboards name.
constexpr std::array k_named_by_rules = {"otel-collector", "prometheus", "victoriametrics", "loki",
                                         "jaeger",         "grafana",    "alertmanager"};

Values component_values(const Component& component) {
  Values out;
  out["memory_bytes"] = whole(component.limits.memory.value);
  out["memory"] = fmt::format("{:.4g} GiB", component.limits.memory.gib());
  out["cpus"] = component.limits.cpus;
  out["memory_warn_bytes"] = whole(component.setting("memory_warn_bytes"));
  out["disk_warn_bytes"] = whole(component.setting("disk_warn_bytes"));
  out["disk_bytes"] = whole(component.disk.value);
  out["disk"] = human_bytes(component.disk);
  return out;
}

// The rows of one group after another, each group its own file.
template <class Row, class Emit>
void add_groups(FileTree& tree, const std::vector<Row>& rows, const Emit& emit) {
  for (auto first = rows.begin(); first != rows.end();) {
    const auto last = std::find_if(first, rows.end(),
                                   [&first](const Row& row) { return row.group != first->group; });
    emit(tree, first->group, std::vector<Row>(first, last));
    first = last;
  }
}

void add_file(FileTree& tree, std::string path, std::string bytes, std::string origin) {
  tree[std::move(path)] = GeneratedFile{.bytes = std::move(bytes), .origin = std::move(origin)};
}

std::string rule_header(std::string_view what) {
  return fmt::format(
      "# {} of this stack, generated from obsctl's catalog.\n"
      "# Put your own rules into another file in this directory: it is loaded as well and never "
      "touched.\n",
      what);
}

std::string alert_rules_file(const std::string& group) {
  return group + "-alerts.yml";
}
std::string recording_rules_file(const std::string& group) {
  return group + "-recording.yml";
}

// The rule files that a test of these alerts has to load: their own, and those of the recorded
// series that they read. Loading all of them would make promtool evaluate every rule in every case.
std::vector<std::string> needed_rule_files(const std::string& group,
                                           const std::vector<catalog::AlertRule>& alerts,
                                           const std::vector<catalog::RecordingRule>& records) {
  std::vector<std::string> out = {"../rules/" + alert_rules_file(group)};
  for (const auto& record : records) {
    const bool read = std::ranges::any_of(alerts, [&record](const auto& alert) {
      return alert.expr.find(record.name) != std::string::npos;
    });
    std::string file = "../rules/" + recording_rules_file(record.group);
    if (read && std::ranges::find(out, file) == out.end()) {
      out.push_back(std::move(file));
    }
  }
  return out;
}

std::string rule_test_header(const std::string& group) {
  return fmt::format(
      "# A firing and a silent case for every alert of rules/{}. After a change there:\n"
      "#   docker compose exec prometheus promtool test rules /etc/prometheus/tests/{}_test.yml\n",
      alert_rules_file(group), group);
}

Result<void> add_rules(FileTree& tree, const Topology& topology,
                       const TemplateStore& store, const std::vector<catalog::AlertRule>& alerts) {
  OBS_TRY_ASSIGN(const auto records, stack_recording_rules(topology, store));
  const std::string rules = std::string(observe_paths::rules) + "/";
  const std::string tests = std::string(observe_paths::rule_tests) + "/";
  add_groups(tree, alerts, [&](FileTree& out, const std::string& group, const auto& rows) {
    add_file(out, rules + alert_rules_file(group),
             rule_header(fmt::format("Alerts ({})", group)) + observe::alert_file(rows), k_alerts);
    add_file(out, tests + group + "_test.yml",
             rule_test_header(group) +
                 observe::rule_test_file(rows, needed_rule_files(group, rows, records)),
             k_alerts);
  });
  add_groups(tree, records, [&](FileTree& out, const std::string& group, const auto& rows) {
    add_file(
        out, rules + recording_rules_file(group),
        rule_header(fmt::format("Recording rules ({})", group)) + observe::recording_file(rows),
        k_recording);
  });
  return {};
}

// The port on which a component answers its API inside the stack's network: the one named like it.
int api_port(const Topology& topology, const std::string& component) {
  const Port* port = topology.port(component);
  return port == nullptr ? 0 : port->container;
}

Values source_values(const Topology& topology) {
  Values out;
  for (const char* name : {"prometheus", "victoriametrics", "loki", "jaeger", "alertmanager"}) {
    if (topology.find(name) != nullptr) {
      out[name]["url"] = fmt::format("http://{}:{}", name, api_port(topology, name));
    } else {
      out[name] = nullptr;
    }
  }
  // Panels ask the datasource 'prometheus' whatever stores the metrics: both speak PromQL.
  const bool vm = topology.policy.remote_metrics && !out["victoriametrics"].is_null();
  out["metrics"] = vm ? out["victoriametrics"] : out["prometheus"];
  out["metrics"]["flavour"] = vm ? "VictoriaMetrics" : "Prometheus";
  out["scrape_interval"] = print_duration(topology.policy.scrape_interval);
  out["dashboards_path"] = observe_paths::grafana_dashboards_mount;
  return out;
}

// The alerting receivers that the spec configures. Templates get null for the others.
Values routing_values(const Topology& topology) {
  const AlertingSpec& alerting = topology.policy.alerting;
  const auto secret = [](std::string_view name) {
    return fmt::format("{}/{}", observe_paths::alertmanager_secrets, name);
  };
  Values out = {{"name", topology.name}, {"webhook", nullptr}, {"slack", nullptr}, {"email", nullptr}};
  if (!alerting.webhook_url.empty()) {
    out["webhook"]["url"] = obsctl::quoted(alerting.webhook_url);
  }
  if (!alerting.slack_channel.empty()) {
    out["slack"]["channel"] = obsctl::quoted(alerting.slack_channel);
    out["slack"]["url_file"] = secret(observe_paths::slack_url_secret);
  }
  if (!alerting.email_to.empty()) {
    // Port 25 is a relay that takes mail from its own network without a login; 465 and 587 ask for
    // one.
    const bool relay = alerting.smtp_host.ends_with(":25");
    const std::string from = alerting.email_from.empty() ? alerting.email_to : alerting.email_from;
    out["email"]["to"] = obsctl::quoted(alerting.email_to);
    out["email"]["from"] = obsctl::quoted(from);
    out["email"]["smarthost"] = obsctl::quoted(alerting.smtp_host);
    out["email"]["relay"] = relay;
    out["email"]["password_file"] = secret(observe_paths::smtp_password_secret);
  }
  out["configured"] =
      !out["webhook"].is_null() || !out["slack"].is_null() || !out["email"].is_null();
  return out;
}

Result<void> add_template(FileTree& tree, const TemplateStore& store, const std::string& source,
                          std::string target, const Values& values) {
  OBS_TRY_ASSIGN(std::string bytes, filled(store, source, values));
  add_file(tree, std::move(target), std::move(bytes), source);
  return {};
}

Result<void> add_grafana(FileTree& tree, const Topology& topology,
                         const TemplateStore& store,
                         const std::vector<catalog::Dashboard>& dashboards) {
  const Values values = source_values(topology);
  const std::string base = observe_paths::grafana_provisioning;
  OBS_TRY(add_template(tree, store, "shared/grafana/datasources.yaml",
                       base + "/datasources/datasources.yaml", values));
  OBS_TRY(add_template(tree, store, "shared/grafana/dashboards.yaml",
                       base + "/dashboards/dashboards.yaml", values));
  for (const auto& dashboard : dashboards) {
    add_file(tree, fmt::format("{}/{}.json", observe_paths::grafana_dashboards, dashboard.uid),
             observe::dashboard_json(dashboard), "catalog/dashboards");
  }
  return {};
}

}  // namespace

Values rule_values(const Topology& topology) {
  Values out;
  for (const auto& component : topology.components) {
    out[component.name] = component_values(component);
  }
  // Rows of components that this stack does not have are left out only after the file is filled in,
  // so their values must exist.
  for (const char* name : k_named_by_rules) {
    if (!out.contains(name)) {
      out[name] = component_values({});
    }
  }
  out["planned_series"] = human_count(topology.load.series);
  const auto setting = [&topology](const char* component, const char* name) {
    const Component* found = topology.find(component);
    return found == nullptr ? 0 : whole(found->setting(name));
  };
  out["max_streams"] = setting("loki", "max_streams");
  out["max_streams_warn"] = setting("loki", "streams_warn");
  out["max_series"] = setting("prometheus", "max_series");
  const Values stack = stack_values(topology);
  for (const char* name : {"sampling", "ports", "otlp_endpoint"}) {
    out[name] = stack.value(name, Values());
  }
  const Policy& policy = topology.policy;
  // A service whose slow answers take ten times what tail sampling already calls slow needs a
  // person.
  out["slow_seconds"] = 10 * policy.slow_threshold.seconds;
  out["scrape_seconds"] = policy.scrape_interval.seconds;
  out["slow_threshold"] = policy.slow_threshold.seconds;
  out["retention"] = {{"traces", print_duration(topology.retention.traces)},
                      {"metrics", print_duration(topology.retention.metrics)},
                      {"logs", print_duration(topology.retention.logs)},
                      {"metrics_days", topology.retention.metrics.days()},
                      {"logs_days", topology.retention.logs.days()},
                      {"traces_days", topology.retention.traces.days()}};
  return out;
}

Result<std::vector<catalog::AlertRule>> stack_alerts(const Topology& topology,
                                                     const TemplateStore& store) {
  OBS_TRY_ASSIGN(const std::string text, filled(store, k_alerts, rule_values(topology)));
  OBS_TRY_ASSIGN(auto rows, catalog::parse_alerts(text, k_alerts));
  return present(std::move(rows), topology);
}

Result<std::vector<catalog::RecordingRule>> stack_recording_rules(const Topology& topology,
                                                                  const TemplateStore& store) {
  OBS_TRY_ASSIGN(const std::string text, filled(store, k_recording, rule_values(topology)));
  OBS_TRY_ASSIGN(auto rows, catalog::parse_recording_rules(text, k_recording));
  return present(std::move(rows), topology);
}

Result<std::vector<catalog::Dashboard>> stack_dashboards(const Topology& topology,
                                                         const TemplateStore& store) {
  const Values values = rule_values(topology);
  const auto paths = catalog::dashboard_paths();
  std::vector<Result<catalog::Dashboard>> parsed(paths.size());
  parallel_for(paths.size(), [&](std::size_t i) {
    parsed[i] = [&]() -> Result<catalog::Dashboard> {
      OBS_TRY_ASSIGN(const std::string text, filled(store, paths[i], values));
      return catalog::parse_dashboard(text, paths[i]);
    }();
  });
  std::vector<catalog::Dashboard> out;
  for (auto& dashboard : parsed) {
    OBS_TRY(dashboard);
    out.push_back(std::move(*dashboard));
  }
  return present(std::move(out), topology);
}

Result<void> add_observability(FileTree& tree, const Topology& topology,
                               const TemplateStore& store,
                               const std::vector<catalog::AlertRule>& alerts,
                               const std::vector<catalog::Dashboard>& dashboards) {
  if (topology.find("prometheus") != nullptr) {
    OBS_TRY(add_rules(tree, topology, store, alerts));
  }
  if (topology.find("alertmanager") != nullptr) {
    const std::string base = observe_paths::alertmanager;
    const Values values = routing_values(topology);
    OBS_TRY(add_template(tree, store, "shared/alertmanager/alertmanager.yml",
                         base + "/alertmanager.yml", values));
    OBS_TRY(add_template(tree, store, "shared/alertmanager/messages.tmpl",
                         base + "/templates/messages.tmpl", values));
  }
  if (topology.find("grafana") != nullptr) {
    OBS_TRY(add_grafana(tree, topology, store, dashboards));
  }
  return {};
}

}  // namespace obsctl
