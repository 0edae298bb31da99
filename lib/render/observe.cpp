// Puts everything that watches the stack into the tree: rules, routing, data sources, dashboards.
#include "lib/render/observe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/render/observe_parts.hpp"
#include "lib/render/verbs.hpp"

namespace obsctl {
namespace {

// A template with its [% … %] values filled in.
Result<std::string> filled(const TemplateStore& store, std::string_view path,
                           const Values& values) {
  OBS_TRY_ASSIGN(const Template source, store.find(path));
  return render_template(source, values, store);
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
      "#   {} promtool test rules /etc/prometheus/tests/{}_test.yml\n",
      alert_rules_file(group), compose_verbs().runbook.exec("prometheus"), group);
}

void add_rules(FileTree& tree, const Watch& watch) {
  const std::string rules = std::string(observe_paths::rules) + "/";
  const std::string tests = std::string(observe_paths::rule_tests) + "/";
  add_groups(tree, watch.alerts, [&](FileTree& out, const std::string& group, const auto& rows) {
    const std::string& origin = rows.front().at.file;
    add_file(out, rules + alert_rules_file(group),
             rule_header(fmt::format("Alerts ({})", group)) + observe::alert_file(rows), origin);
    add_file(out, tests + group + "_test.yml",
             rule_test_header(group) +
                 observe::rule_test_file(rows, needed_rule_files(group, rows, watch.records)),
             origin);
  });
  add_groups(tree, watch.records, [&](FileTree& out, const std::string& group, const auto& rows) {
    add_file(
        out, rules + recording_rules_file(group),
        rule_header(fmt::format("Recording rules ({})", group)) + observe::recording_file(rows),
        rows.front().at.file);
  });
}

// Where a component answers its API inside the stack's network: at the port that is named like it.
std::string api_url(const Topology& topology, const std::string& component) {
  const Port* port = topology.port(component);
  return fmt::format("http://{}:{}", component, port == nullptr ? 0 : port->container);
}

// What data sources know of each other: for every signal the source that has it, or null.
Values signal_values(const Watch& watch) {
  Values out = {{"metrics", nullptr}, {"traces", nullptr}, {"logs", nullptr}, {"alerts", nullptr}};
  for (const auto& source : watch.sources) {
    Values& signal = out[source.about.serves];
    if (signal.is_null()) {
      signal = {{"datasource_uid", source.about.uid}, {"trace_query", source.about.trace_query}};
    }
  }
  return out;
}

Result<std::string> data_sources(const Topology& topology, const TemplateStore& store,
                                 const Watch& watch) {
  Values values = watch.values;
  values.update(signal_values(watch));
  std::vector<std::string> out;
  for (const auto& source : watch.sources) {
    values["self"] = {{"uid", source.about.uid},
                      {"url", api_url(topology, source.about.component)}};
    OBS_TRY_ASSIGN(const std::string text, render_template(source.fragment, values, store));
    const auto first = text.find_first_not_of('\n');
    const auto last = text.find_last_not_of('\n');
    if (first != std::string::npos) {
      out.push_back(text.substr(first, last + 1 - first));
    }
  }
  return join(out, "\n\n");
}

// The alerting receivers that the spec configures. Templates get null for the others.
Values routing_values(const Topology& topology) {
  const AlertingSpec& alerting = topology.policy.alerting;
  const auto secret = [](std::string_view name) {
    return fmt::format("{}/{}", observe_paths::alertmanager_secrets, name);
  };
  Values out = {
      {"name", topology.name}, {"webhook", nullptr}, {"slack", nullptr}, {"email", nullptr}};
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

Result<void> add_grafana(FileTree& tree, const Topology& topology, const TemplateStore& store,
                         const Watch& watch) {
  OBS_TRY_ASSIGN(const std::string sources, data_sources(topology, store, watch));
  const Values values = {{"sources", sources},
                         {"dashboards_path", observe_paths::grafana_dashboards_mount}};
  const std::string base = observe_paths::grafana_provisioning;
  OBS_TRY(add_template(tree, store, "shared/grafana/datasources.yaml",
                       base + "/datasources/datasources.yaml", values));
  OBS_TRY(add_template(tree, store, "shared/grafana/dashboards.yaml",
                       base + "/dashboards/dashboards.yaml", values));
  for (const auto& dashboard : watch.dashboards) {
    add_file(tree, fmt::format("{}/{}.json", observe_paths::grafana_dashboards, dashboard.uid),
             observe::dashboard_json(dashboard), dashboard.file);
  }
  return {};
}

}  // namespace

Result<void> add_observability(FileTree& tree, const Topology& topology, const TemplateStore& store,
                               const Watch& watch) {
  if (topology.find("prometheus") != nullptr) {
    add_rules(tree, watch);
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
    OBS_TRY(add_grafana(tree, topology, store, watch));
  }
  return {};
}

}  // namespace obsctl
