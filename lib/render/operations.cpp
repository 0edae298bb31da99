// SPDX-License-Identifier: Apache-2.0
// Computes what OPERATIONS.md says about this stack.
#include "lib/render/operations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/catalog/components.hpp"
#include "lib/render/observe.hpp"
#include "lib/render/values.hpp"
#include "lib/topology/fill.hpp"

namespace obsctl {
namespace {

// Prometheus fills {{ … }} in when an alert fires; on paper it is an ellipsis.
std::string without_placeholders(std::string text) {
  for (auto open = text.find("{{"); open != std::string::npos; open = text.find("{{", open)) {
    const auto close = text.find("}}", open);
    if (close == std::string::npos) {
      break;
    }
    text.replace(open, close + 2 - open, "…");
  }
  return text;
}

std::string sentence(std::string text) {
  text = without_placeholders(std::move(text));
  if (!text.empty() && !text.ends_with('.') && !text.ends_with(".)")) {
    text += '.';
  }
  return text;
}

// "a, b or c".
std::string one_of(std::vector<std::string> items) {
  if (items.size() < 2) {
    return join(items, "");
  }
  const std::string last = std::move(items.back());
  items.pop_back();
  return join(items, ", ") + " or " + last;
}

Values addresses(const Topology& topology) {
  Values out = Values::array();
  const Provider* receiver = topology.provider("telemetry.in");
  for (const auto& component : topology.components) {
    const bool is_receiver = receiver != nullptr && receiver->component == component.name;
    for (const auto& port : component.ports) {
      if (port.host == 0) {
        continue;
      }
      const std::string address = port.reached_at();
      out.push_back(
          Values{{"purpose", port.use()},
                 {"address", is_receiver ? fmt::format("`{}`", address)
                                         : fmt::format("{}://{}", port.scheme(), address)},
                 {"login", port.login()}});
    }
  }
  return out;
}

Values budgets(const Topology& topology) {
  Values out = Values::array();
  for (const auto& component : topology.components) {
    out.push_back(Values{{"name", component.name},
                         {"cpus", fmt::format("{:.10g}", component.limits.cpus)},
                         {"memory", print_bytes(component.limits.memory)},
                         {"disk", component.disk.value > 0 ? human_bytes(component.disk) : ""},
                         {"keeps", component.keeps},
                         {"deletes", component.deletes}});
  }
  return out;
}

void add_durability(Values& values, const Topology& topology, const Component& collector) {
  const bool sampled = values["sampling"].is_object();
  values["queue_each"] = human_bytes({collector.setting("queue_bytes")});
  values["kill_traces"] =
      sampled ? fmt::format("spans of the last {} are lost: tail sampling holds them in memory",
                            print_duration(topology.policy.decision_wait))
              : "nothing that was confirmed is lost";
  values["overflow_traces"] = sampled
                                  ? "the sampler waits, then receivers do; senders retry, then drop"
                                  : "refused; senders retry, then drop";
}

Values alert_rows(const std::vector<catalog::AlertRule>& alerts) {
  Values out = Values::array();
  std::string group;
  for (const auto& alert : alerts) {
    std::string heading;
    if (alert.group != group) {
      group = alert.group;
      heading = group;
    }
    out.push_back(Values{{"first_of_group", heading},
                         {"name", alert.name},
                         {"severity", name_of(alert.severity)},
                         {"hold", alert.hold},
                         {"meaning", sentence(alert.summary) + " " + sentence(alert.description)},
                         {"remedy", sentence(alert.runbook)}});
  }
  return out;
}

std::string routing_state(const Topology& topology) {
  const AlertingSpec& alerting = topology.policy.alerting;
  const Provider* router = topology.provider("alerts.router");
  if (router == nullptr || !alerting.notifies_people()) {
    return "**Nobody is notified yet**: name somebody with `obsctl init --alert-to NAME` or "
           "`--alert-email-to ADDRESS`.";
  }
  std::vector<std::string> titles;
  const std::vector<std::string> wanted = alerting.wanted();
  for (const auto& [name, title] : topology.find(router->component)->receivers) {
    if (std::ranges::find(wanted, name) != wanted.end()) {
      titles.push_back(title);
    }
  }
  return "They are sent to " + join(titles, " and ") + ".";
}

std::string backup_volumes(const Topology& topology) {
  std::vector<std::string> names;
  for (const auto& component : topology.components) {
    for (const auto& volume : component.volumes) {
      if (volume.backup != Backup::none) {
        names.push_back(volume.name);
      }
    }
  }
  return join(names, " ");
}

// "Jaeger, Prometheus or Loki": whose volumes are copied while nothing writes to them.
std::string stopped_for_backup(const Topology& topology) {
  std::vector<std::string> titles;
  for (const auto& component : topology.components) {
    if (std::ranges::any_of(component.volumes, [](const Volume& volume) {
          return volume.backup == Backup::stopped;
        })) {
      titles.push_back(component.title);
    }
  }
  return one_of(titles);
}

std::string owned_paths(const Topology& topology) {
  std::vector<std::string> paths;
  for (const auto& component : topology.components) {
    for (const auto& volume : component.volumes) {
      if (volume.needs_init) {
        paths.push_back(volume.mount);
      }
    }
  }
  return one_of(paths);
}

// What the components say about themselves: `about`, by topic, and `log_lines`.
Result<void> add_texts(Values& out, const Topology& topology, const Values& values) {
  for (const auto& topic : catalog::runbook_topics()) {
    out["about"][topic] = Values::array();
  }
  out["log_lines"] = Values::array();
  for (const auto& component : topology.components) {
    for (const auto& [topic, texts] : component.runbook) {
      for (const auto& text : texts) {
        OBS_TRY_ASSIGN(const std::string filled,
                       fill_in(component.file, "runbook." + topic, text, values));
        if (!trim(filled).empty()) {
          out["about"][topic].push_back(trim(filled));
        }
      }
    }
    for (const auto& line : component.logs) {
      OBS_TRY_ASSIGN(const std::string means,
                     fill_in(component.file, "logs.means", line.means, values));
      OBS_TRY_ASSIGN(const std::string remedy,
                     fill_in(component.file, "logs.remedy", line.remedy, values));
      out["log_lines"].push_back(Values{{"component", component.name},
                                        {"says", line.says},
                                        {"means", means},
                                        {"remedy", remedy}});
    }
  }
  return {};
}

// Whoever takes in the telemetry, and says what became of it.
Result<const Component*> find_collector(const Topology& topology) {
  const Provider* provider = topology.provider("telemetry.in");
  const Component* out = provider == nullptr ? nullptr : topology.find(provider->component);
  if (out == nullptr || out->metrics_port == 0) {
    return fail(Code::config, "the component that provides telemetry.in exposes no metrics",
                "add 'metrics: {port: NAME}' to its component.yaml");
  }
  return out;
}

// "`grafana`, `loki`": the ports that can be moved.
std::string port_names(const Topology& topology) {
  std::vector<std::string> names;
  for (const auto& component : topology.components) {
    for (const auto& port : component.ports) {
      if (port.exposure != Exposure::internal) {
        names.push_back("`" + port.name + "`");
      }
    }
  }
  return join(names, ", ");
}

std::string place_of_alerts(const Topology& topology) {
  const Port* router = topology.port_of("alerts.router");
  return router != nullptr && router->host != 0 ? "http://" + router->reached_at()
                                                : "Grafana → Alerting";
}

}  // namespace

Result<void> add_operations(FileTree& tree, const std::string& path, const Topology& topology,
                            const Values& values, const TemplateStore& store,
                            const std::vector<catalog::AlertRule>& alerts) {
  OBS_TRY_ASSIGN(const Template source, store.find(path));
  OBS_TRY_ASSIGN(const Component* collector, find_collector(topology));
  Values all = values;
  const Port* pages = topology.port_of("dashboards.view");
  all["remote_ui"] = pages != nullptr && pages->host != 0 && is_loopback(pages->bind)
                         ? Values{{"port", pages->host}, {"address", pages->address()}}
                         : Values(false);
  all["addresses"] = addresses(topology);
  all["port_names"] = port_names(topology);
  all["budgets"] = budgets(topology);
  add_durability(all, topology, *collector);
  all["backup_volumes"] = backup_volumes(topology);
  all["stop_for_backup"] = stopped_for_backup(topology);
  all["owned_paths"] = owned_paths(topology);
  OBS_TRY(add_texts(all, topology, values));
  all["slow_threshold"] = config_duration(topology.policy.slow_threshold);
  all["read_collector_metrics"] =
      values.at("cmd").at("ask").at(collector->name).get<std::string>() + collector->metrics_path;
  all["place_of_alerts"] = place_of_alerts(topology);
  all["alert_count"] = alerts.size();
  all["alerts"] = alert_rows(alerts);
  all["routing_state"] = routing_state(topology);
  OBS_TRY_ASSIGN(std::string bytes, render_template(source, all, store));
  tree["OPERATIONS.md"] = {.bytes = std::move(bytes), .origin = path};
  return {};
}

}  // namespace obsctl
