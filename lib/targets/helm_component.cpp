// SPDX-License-Identifier: Apache-2.0
// Turns a component into the flat values of templates/targets/helm/component.yaml, which becomes
// its file of the chart.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "lib/base/text.hpp"
#include "lib/targets/helm_parts.hpp"
#include "lib/topology/settings.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl::helm {
namespace {

constexpr std::size_t k_comment_width = 110;
constexpr int k_nobody = 65534;     // for images that run as root, which a cluster refuses
constexpr int k_reserved = 10'000;  // users below may exist on a node

// Helm replaces {{ … }}.
std::string literal(const std::string& text) {
  return yaml::scalar(replace_all(text, "{{", "{{ `{{` }}"));
}

// `$(NAME)` in arguments and values would be replaced by Kubernetes.
std::string argument(const std::string& text) {
  return literal(replace_all(text, "$(", "$$("));
}

std::string port_list(const std::vector<int>& numbers) {
  std::vector<std::string> out;
  for (const int number : numbers) {
    out.push_back(fmt::format("{{port: {}}}", number));
  }
  return join(out, ", ");
}

bool is_exposed(const Port& port) {
  return port.exposure == Exposure::pages || port.exposure == Exposure::reachable;
}

// Ports that people or senders outside of the stack are meant to use, whatever they are published
// as on a host.
std::vector<int> exposed_ports(const Component& component) {
  std::vector<int> out;
  for (const auto& port : component.ports) {
    if (is_exposed(port)) {
      out.push_back(port.container);
    }
  }
  return out;
}

Values ports(const Component& component) {
  Values out = Values::array();
  for (const auto& port : component.ports) {
    out.push_back(
        Values{{"port_name", port.name}, {"number", port.container}, {"purpose", port.purpose}});
  }
  return out;
}

// Findings of kube-score and checkov that are meant, each with its reason.
Values accepted(const Component& component) {
  std::vector<std::string> score;
  Values out = Values::array({nullptr});
  const auto skip = [&](const std::string& checkov, const std::string& kube_score,
                        const std::string& reason) {
    out.push_back(Values{{"key", fmt::format("checkov.io/skip{}", out.size())},
                         {"value", yaml::scalar(checkov + "=" + reason)}});
    if (!kube_score.empty()) {
      score.push_back(kube_score);
    }
  };
  skip("CKV_K8S_15", "container-image-pull-policy", "images are pinned to a version");
  skip("CKV_K8S_43", "", "images are pinned to a version; a digest can be set in the values");
  if (user_of(component) < k_reserved) {
    skip("CKV_K8S_40", "container-security-context-user-group-id", "the user of the image");
  }
  if (!component.read_only) {
    skip("CKV_K8S_22", "container-security-context-readonlyrootfilesystem",
         "the image writes beside its program");
  }
  const bool env_secret = std::ranges::any_of(component.secrets, [](const SecretUse& use) {
    return !use.environment.empty() && use.keys.empty();
  });
  if (env_secret) {
    skip("CKV_K8S_35", "", "it takes this secret as a variable only");
  }
  out.front() = {{"key", "kube-score/ignore"}, {"value", yaml::scalar(join(score, ","))}};
  return out;
}

void add_secrets(Values& out, const std::vector<ChartSecret>& all, const Component& component) {
  out["secrets"] = Values::array();
  out["env_secrets"] = Values::array();
  out["secret_volumes"] = Values::array();
  for (const auto& secret : all) {
    if (secret.component != component.name) {
      continue;
    }
    out["secrets"].push_back(Values{{"secret", secret.name}});
    const bool mounted = !secret.mount.empty();
    out[mounted ? "secret_volumes" : "env_secrets"].push_back(secret.name);
    if (mounted) {
      out["mounts"].push_back(
          Values{{"volume", secret.name}, {"path", secret.mount}, {"options", "readOnly: true"}});
    }
  }
  out["has_secrets"] = !out["secrets"].empty();
  out["has_env_secrets"] = !out["env_secrets"].empty();
}

void add_volumes(Values& out, const Component& component) {
  out["config_volumes"] = Values::array();
  out["claims"] = Values::array();
  out["temporary"] = Values::array();
  const Configs& configs = component.configs;
  out["has_configs"] = !configs.mount.empty();
  const auto mount_config = [&](const std::string& volume, const std::string& below,
                                const std::string& path) {
    out["config_volumes"].push_back(Values{{"volume", volume}, {"below", below}});
    out["mounts"].push_back(
        Values{{"volume", volume}, {"path", path}, {"options", "readOnly: true"}});
  };
  if (!configs.mount.empty() && configs.folders.empty()) {
    mount_config("config", "", configs.mount);
  }
  for (const auto& folder : configs.folders) {
    mount_config("config-" + folder, folder + "/", configs.mount + "/" + folder);
  }
  for (const auto& volume : component.volumes) {
    const bool first = &volume == &component.volumes.front();
    out["claims"].push_back(Values{
        {"claim", volume.name},
        {"size", first ? std::string("$self.storage") : obsctl::quoted(storage(volume.size))}});
    out["mounts"].push_back(
        Values{{"volume", volume.name}, {"path", volume.mount}, {"options", nullptr}});
  }
  for (const auto& path : component.tmpfs) {
    const std::string name = replace_all(path.substr(1), "/", "-");
    out["temporary"].push_back(name);
    out["mounts"].push_back(Values{{"volume", name}, {"path", path}, {"options", nullptr}});
  }
  if (component.host_view) {
    out["mounts"].push_back(
        Values{{"volume", "host"},
               {"path", "/host"},
               {"options", "readOnly: true, mountPropagation: HostToContainer"}});
  }
}

Values probes(const Component& component) {
  if (!component.probes) {
    return false;
  }
  const Probes& all = *component.probes;
  const bool alive_differs = all.liveness.path != all.readiness.path;
  return {{"path", all.readiness.path},
          {"port", all.readiness.port},
          {"timeout", whole(all.readiness.timeout.seconds)},
          {"interval", whole(all.readiness.interval.seconds)},
          {"live_path", alive_differs ? Values(all.liveness.path) : Values(nullptr)},
          {"live_port", all.liveness.port}};
}

// Links of the component in one direction, one entry per other end.
Values links(const Topology& topology, const Component& component, bool incoming) {
  Values out = Values::array();
  std::map<std::string, std::pair<std::vector<int>, std::vector<std::string>>> ends;
  for (const auto& link : topology.links) {
    const std::string& here = incoming ? link.to : link.from;
    if (here != component.name) {  // its own Service is reached over the network as well
      continue;
    }
    auto& [numbers, carries] = ends[incoming ? link.from : link.to];
    if (std::ranges::find(numbers, link.port) == numbers.end()) {
      numbers.push_back(link.port);
    }
    const std::string what = link.kind == LinkKind::scrape ? "its metrics" : link.carries;
    if (!what.empty() && std::ranges::find(carries, what) == carries.end()) {
      carries.push_back(what);
    }
  }
  for (const auto& [end, about] : ends) {
    out.push_back(Values{{incoming ? "from" : "to", end},
                         {"carries", join(about.second, ", ")},
                         {"ports_list", port_list(about.first)}});
  }
  return out;
}

void add_policy(Values& out, const Topology& topology, const Component& component) {
  out["callers"] = links(topology, component, true);
  out["called"] = links(topology, component, false);
  out["reaches_out"] =
      component.reaches_out.empty() ? Values(nullptr) : Values(component.reaches_out);
  const std::vector<int> exposed = exposed_ports(component);
  const bool receives = takes_telemetry(topology, component) && !exposed.empty();
  out["receiver_ports"] = receives ? Values{{"list", port_list(exposed)}} : Values(false);
  if (receives) {
    out["receiver_ports"]["ports"] = Values::array();
    for (const auto& port : component.ports) {
      if (is_exposed(port)) {
        out["receiver_ports"]["ports"].push_back(
            Values{{"port_name", port.name}, {"number", port.container}});
      }
    }
  }
  out["pages"] = !receives && !exposed.empty() ? Values(port_list(exposed)) : Values(nullptr);
  std::set<int> tested;
  if (receives) {
    tested.insert(exposed.begin(), exposed.end());
  }
  if (component.probes) {
    tested.insert(component.probes->readiness.port);
  }
  if (const Port* checked = component.checked_port()) {
    tested.insert(checked->container);
  }
  out["test_ports"] =
      tested.empty() ? Values(nullptr) : Values(port_list({tested.begin(), tested.end()}));
  const auto metrics = std::ranges::find(component.ports, component.metrics_port, &Port::container);
  out["metrics"] = component.metrics_port == 0 || metrics == component.ports.end()
                       ? Values(false)
                       : Values{{"number", metrics->container},
                                {"port_name", metrics->name},
                                {"path", component.metrics_path}};
}

// The component that scrapes it: what sees a host has to be on the same one.
Values beside(const Topology& topology, const Component& component) {
  const auto scrape = std::ranges::find_if(topology.links, [&](const Link& link) {
    return link.kind == LinkKind::scrape && link.to == component.name;
  });
  return component.host_view && scrape != topology.links.end() ? Values(scrape->from)
                                                               : Values(nullptr);
}

}  // namespace

int user_of(const Component& component) {
  return component.uid == 0 ? k_nobody : component.uid;
}

std::string storage(Bytes bytes) {
  constexpr double k_gib = 1024.0 * 1024.0 * 1024.0;
  return fmt::format("{:.0f}Gi", std::max(1.0, std::ceil(bytes.value / k_gib)));
}

std::string claim_of(const Component& component, const Volume& volume) {
  return fmt::format("{}-{}-0", volume.name, component.name);
}

bool open_to_all(const Topology& topology) {
  const std::string& bind = topology.policy.security.bind;
  return bind == "0.0.0.0" || bind == "::";
}

bool takes_telemetry(const Topology& topology, const Component& component) {
  const Provider* receiver = topology.provider("telemetry.in");
  return receiver != nullptr && receiver->component == component.name;
}

Values component_file(const Topology& topology, const Component& component) {
  Values out = {{"name", component.name},
                {"comment", comment_lines(component, k_comment_width)},
                {"ports", ports(component)},
                {"user", user_of(component)},
                {"group", user_of(component)},
                {"grace", whole(component.stop_grace.seconds)},
                {"read_only", component.read_only},
                {"host_view", component.host_view},
                {"beside", beside(topology, component)},
                {"probes", probes(component)},
                {"mounts", Values::array()}};
  out["args"] = Values::array();
  for (const auto& text : component.command) {
    out["args"].push_back(argument(text));
  }
  out["has_args"] = !component.command.empty();
  out["environment"] = Values::array();
  for (const auto& [key, value] : component.environment) {
    out["environment"].push_back(Values{{"key", key}, {"value", argument(value)}});
  }
  out["has_environment"] = !component.environment.empty();
  add_volumes(out, component);
  add_secrets(out, secrets_of(topology), component);
  add_policy(out, topology, component);
  out["accepted"] = accepted(component);
  out["has_claims"] = !out["claims"].empty();
  out["has_inputs"] = out["has_configs"].get<bool>() || out["has_secrets"].get<bool>();
  out["has_mounts"] = !out["mounts"].empty();
  return out;
}

}  // namespace obsctl::helm
