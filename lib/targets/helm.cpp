// SPDX-License-Identifier: Apache-2.0
// The target Helm: the files of the chart that are about the stack as a whole, its tests and its
// runbook.
#include "lib/targets/helm.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "lib/base/text.hpp"
#include "lib/render/operations.hpp"
#include "lib/targets/helm_parts.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl::helm {
namespace {

const std::string k_folder = "targets/helm/";
constexpr double k_mib = 1024.0 * 1024.0;

std::string cpus(double cores) {
  return fmt::format("{:.0f}m", std::ceil(cores * 1000 - 1e-6));
}

std::string memory(Bytes bytes) {
  return fmt::format("{:.0f}Mi", std::floor(bytes.value / k_mib + 1e-6));
}

// What of each component an installation may choose.
Values choices(const Topology& topology) {
  Values out = Values::array();
  for (const auto& component : topology.components) {
    const bool last = &component == &topology.components.back();
    out.push_back(Values{
        {"name", component.name},
        {"image", component.image},
        {"host_view", component.host_view},
        {"storage", component.volumes.empty() ? Values(nullptr)
                                              : Values(storage(component.volumes.front().size))},
        {"request_cpu", cpus(component.requests.cpus)},
        {"limit_cpu", cpus(component.limits.cpus)},
        {"memory", memory(component.limits.memory)},
        {"comma", last ? "" : ","}});
  }
  return out;
}

// The elements of a JSON array.
std::string quoted_list(const std::vector<std::string>& items) {
  std::vector<std::string> out;
  for (const auto& text : items) {
    out.push_back(obsctl::quoted(text));
  }
  return join(out, ", ");
}

Values chart_values(const Topology& topology, const Helper& helper) {
  std::vector<std::string> names;
  std::vector<std::string> titles;
  for (const auto& component : topology.components) {
    names.push_back(component.name);
    titles.push_back(component.title);
  }
  std::vector<std::string> secrets;
  for (const auto& secret : secrets_of(topology)) {
    secrets.push_back(secret.name);
  }
  return {{"titles", yaml::scalar(join(titles, ", "))},
          {"helper_image", helper.image},
          {"has_secrets", !secrets.empty()},
          {"secret_names", join(secrets, ", ")},
          {"secret_enum", quoted_list(secrets)},
          {"component_enum", quoted_list(names)},
          {"anyone", open_to_all(topology)},
          {"components", choices(topology)}};
}

// What `helm test` asks.
Values test_values(const Topology& topology) {
  Values out = {{"probed", Values::array()},
                {"checked", Values::array()},
                {"otlp", false},
                {"receiver", ""},
                {"token_secret", ""}};
  for (const auto& component : topology.components) {
    if (component.probes) {
      const Probe& ready = component.probes->readiness;
      out["probed"].push_back(
          Values{{"name", component.name},
                 {"host_view", component.host_view},
                 {"url", fmt::format("http://{}:{}{}", component.name, ready.port, ready.path)}});
    }
    if (const Port* port = component.checked_port()) {
      out["checked"].push_back(Values{
          {"name", component.name},
          {"host_view", component.host_view},
          {"url", fmt::format("{}://{}:{}", port->scheme(), component.name, port->container)}});
    }
  }
  const Provider* receiver = topology.provider("telemetry.in");
  const Port* http = topology.port("otlp-http");
  out["receiver_name"] = receiver == nullptr ? "" : receiver->component;
  if (receiver != nullptr && http != nullptr) {
    out["receiver"] = fmt::format("{} {}", receiver->component, http->container);
    out["otlp"] = topology.policy.security.tls == Tls::off
                      ? Values{{"endpoint",
                                fmt::format("http://{}:{}", receiver->component, http->container)}}
                      : Values(false);
    for (const auto& secret : secrets_of(topology)) {
      if (secret.component == receiver->component && secret.lines) {
        out["token_secret"] = secret.name;
      }
    }
  }
  return out;
}

// Components that a namespace with strict rules refuses.
std::string host_viewers(const Topology& topology) {
  std::vector<std::string> out;
  for (const auto& component : topology.components) {
    if (component.host_view) {
      out.push_back(component.name);
    }
  }
  return join(out, ", ");
}

// What a person opens, and with which command.
Values addresses(const Topology& topology) {
  Values out = Values::array();
  for (const auto& component : topology.components) {
    for (const auto& port : component.ports) {
      if (port.host == 0) {
        continue;
      }
      const bool telemetry = takes_telemetry(topology, component);
      out.push_back(Values{{"component", component.name},
                           {"local", port.host},
                           {"number", port.container},
                           {"purpose", port.use()},
                           {"address", telemetry ? fmt::format("`localhost:{}`", port.host)
                                                 : fmt::format("http://localhost:{}", port.host)},
                           {"login", port.login()}});
    }
  }
  return out;
}

// The dashboards, for the notes of an installation.
Values view(const Topology& topology) {
  const Provider* pages = topology.provider("dashboards.view");
  const Port* port = topology.port_of("dashboards.view");
  if (pages == nullptr || port == nullptr) {
    return false;
  }
  return {{"title", pages->title},
          {"name", pages->component},
          {"number", port->container},
          {"login", port->login()}};
}

// "loki-data:10001 …": the volumes with the users that their files belong to.
std::string backup_volumes(const Topology& topology) {
  std::vector<std::string> out;
  for (const auto& component : topology.components) {
    for (const auto& volume : component.volumes) {
      if (volume.backup != Backup::none) {
        out.push_back(fmt::format("{}:{}", claim_of(component, volume), user_of(component)));
      }
    }
  }
  return join(out, " ");
}

// A second instance would need a ring, a shared store or a lock that its configuration lacks.
Result<void> carries(const Topology& topology) {
  for (const auto& component : topology.components) {
    if (component.instances > 1) {
      return fail(Code::config,
                  fmt::format("this chart runs one instance of each component, and {} has {}",
                              component.name, component.instances),
                  "choose the small tier");
    }
    if (!component.host_paths.empty()) {
      return fail_setting("stack.add",
                          fmt::format("this chart mounts no paths of a node, and {} reads {}",
                                      component.name, join(component.host_paths, ", ")),
                          "leave it out; a DaemonSet of the collector's own chart reads the logs "
                          "of pods on every node");
    }
  }
  const std::string& bind = topology.policy.security.bind;
  if (!is_loopback(bind) && !open_to_all(topology)) {
    return fail(Code::config, fmt::format("a cluster cannot publish on the address {}", bind),
                "0.0.0.0 makes a load balancer; exposedService.loadBalancerSourceRanges of the "
                "chart's values limits who reaches it");
  }
  if (!is_loopback(topology.policy.security.bind_ui)) {
    return fail_setting("security.bind_ui", "a cluster does not publish pages on an address",
                        "use an ingress of your own, and name its controller's namespace in "
                        "networkPolicies.dashboards of the chart's values");
  }
  return {};
}

Result<void> package(Rendered& stack, const Topology& topology, const TemplateStore& store) {
  OBS_TRY_ASSIGN(const Helper helper, find_helper(store, topology));
  Values all = stack.values;
  all.update(chart_values(topology, helper));
  all.update(test_values(topology));
  all["view"] = view(topology);
  for (const auto& [source, path] :
       std::map<std::string, std::string>{{"apply", "apply"},
                                          {"sdk.env", "sdk.env"},
                                          {"env.example", ".env.example"},
                                          {"Chart.yaml", "chart/Chart.yaml"},
                                          {"helmignore", "chart/.helmignore"},
                                          {"values.yaml", k_values},
                                          {"values.schema.json", "chart/values.schema.json"},
                                          {"_stack.tpl", "chart/templates/_stack.tpl"},
                                          {"NOTES.txt", "chart/templates/NOTES.txt"},
                                          {"test.yaml", "chart/templates/tests/test.yaml"}}) {
    OBS_TRY(add_file(stack.tree, store, k_folder + source, path, all));
  }
  for (const auto& component : topology.components) {
    Values file = all;
    file.update(component_file(topology, component));
    OBS_TRY(add_file(stack.tree, store, k_folder + "component.yaml",
                     fmt::format("chart/templates/{}.yaml", component.name), file));
  }
  stack.tree["apply"].mode = 0755;
  for (auto& [path, file] : stack.tree) {
    file.templated = path.starts_with("chart/templates/");
  }
  all["volumes_to_save"] = backup_volumes(topology);
  all["host_view"] = host_viewers(topology);
  all["port_forwards"] = addresses(topology);
  return add_operations(stack.tree, k_folder + "OPERATIONS.md", topology, all, store, stack.alerts);
}

}  // namespace

const Target& target() {
  static const Target k_target = {.name = "helm",
                                  .title = "Helm",
                                  .configs = "chart/configs",
                                  .carries = carries,
                                  .words = words,
                                  .package = package,
                                  .hand_over = hand_over,
                                  .limits = read_limits};
  return k_target;
}

}  // namespace obsctl::helm
