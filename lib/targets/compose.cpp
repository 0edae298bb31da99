// SPDX-License-Identifier: Apache-2.0
// The target Docker Compose: the words of its commands, and each component as the flat values of
// templates/targets/compose/docker-compose.yml.
#include "lib/targets/compose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "lib/base/hash.hpp"
#include "lib/base/text.hpp"
#include "lib/render/operations.hpp"
#include "lib/targets/compose_services.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl::compose {
namespace {

const std::string k_folder = "targets/compose/";
constexpr std::size_t k_comment_width = 96;

// Compose replaces $NAME; a literal dollar is written twice.
std::string literal(std::string text) {
  return replace_all(std::move(text), "$", "$$");
}

std::string scalar(const std::string& text) {
  return yaml::scalar(literal(text));
}

// A list as one line.
std::string flow(const std::vector<std::string>& items) {
  std::vector<std::string> out;
  for (const auto& text : items) {
    out.push_back(scalar(text));
  }
  return join(out, ", ");
}

// A list as lines below its key; empty when it has no entry. Scripts stay readable.
std::string block(const std::vector<std::string>& items) {
  Values out = Values::array();
  for (const auto& text : items) {
    out.push_back(literal(text));
  }
  constexpr std::size_t k_indent = 6;  // of what is below a key of a service
  return items.empty() ? std::string() : yaml::lines(out, k_indent);
}

// host address:host port:container port; IPv6 addresses in brackets.
Values port_mappings(const Component& component) {
  Values out = Values::array();
  for (const auto& port : component.ports) {
    if (port.host == 0) {
      continue;
    }
    const bool v6 = port.bind.find(':') != std::string::npos;
    out.push_back(Values{{"mapping", fmt::format("{}{}{}:{}:{}", v6 ? "[" : "", port.bind,
                                                 v6 ? "]" : "", port.host, port.container)},
                         {"purpose", port.purpose}});
  }
  return out;
}

std::vector<std::string> mounts(const Service& service) {
  std::vector<std::string> out;
  for (const auto& mount : service.mounts) {
    out.push_back(fmt::format("./{}:{}:ro", mount.source, mount.target));
  }
  for (const auto& volume : service.secrets) {
    out.push_back(fmt::format("{}:{}:ro", volume.name, volume.mount));
  }
  for (const auto& volume : service.component.volumes) {
    out.push_back(fmt::format("{}:{}", volume.name, volume.mount));
  }
  if (service.component.host_view) {
    out.emplace_back("/:/host:ro");
    out.emplace_back("/run/media:/host/run/media:ro");
  }
  for (const auto& path : service.component.host_paths) {
    out.push_back(fmt::format("{0}:{0}:ro", path));
  }
  return out;
}

// What a service has in memory; an empty one hides what lies there on the host.
std::vector<std::string> in_memory(const Component& component) {
  auto out = component.tmpfs;
  if (component.host_view) {
    out.emplace_back("/host/run");
  }
  return out;
}

Values health_check(const Component& component) {
  if (!component.probes || component.probes->readiness.command.empty()) {
    return false;
  }
  const Probe& probe = component.probes->readiness;
  std::vector<std::string> test = {"CMD"};
  test.insert(test.end(), probe.command.begin(), probe.command.end());
  return {{"test", flow(test)},
          {"interval", config_duration(probe.interval)},
          {"timeout", config_duration(probe.timeout)},
          {"retries", probe.retries},
          {"start_period", config_duration(component.probes->start_period)}};
}

Values dependencies(const Service& service) {
  Values out = Values::array();
  for (const auto& dependency : service.start_after) {
    out.push_back(Values{{"component", dependency.service}, {"condition", dependency.condition}});
  }
  return out;
}

Values environment(const Component& component) {
  Values out = Values::array();
  for (const auto& [key, value] : component.environment) {
    out.push_back(Values{{"key", key}, {"value", scalar(value)}});
  }
  return out;
}

// Identifies the generated files that a component mounts. `docker compose up` restarts a service
// only when its definition changes, so a changed config has to show there. Secrets and what is a
// person's own are left out: they are kept.
std::string config_hash(const Service& service, const FileTree& tree) {
  std::string sums;
  for (const auto& mount : service.mounts) {
    const std::string below = mount.source + "/";
    for (const auto& [path, file] : tree) {
      if (!file.secret && !file.own && (path == mount.source || path.starts_with(below))) {
        sums += path + " " + sha256_hex(file.bytes) + "\n";
      }
    }
  }
  constexpr std::size_t k_digits = 16;
  return sums.empty() ? sums : yaml::scalar(sha256_hex(sums).substr(0, k_digits));
}

Values service_values(const Service& service, const FileTree& tree) {
  const Component& component = service.component;
  constexpr double k_mib = 1024.0 * 1024.0;
  const Values ports = port_mappings(component);
  const Values depends = dependencies(service);
  return {
      {"name", component.name},
      {"comment", comment_lines(component, k_comment_width)},
      {"image", component.image},
      {"user", component.user},
      {"one_shot", service.one_shot},
      {"stop_grace", component.stop_grace == Duration{30} || service.one_shot
                         ? std::string()
                         : config_duration(component.stop_grace)},
      {"read_only", component.read_only},
      {"networks", join(service.networks, ", ")},
      {"tmpfs", block(in_memory(component))},
      {"host_view", component.host_view},
      {"cap_add", join(service.cap_add, ", ")},
      {"entrypoint", flow(service.entrypoint)},
      {"command", block(component.command)},
      {"has_environment", !component.environment.empty()},
      {"environment", environment(component)},
      {"env_files", block(service.env_files)},
      {"has_ports", !ports.empty()},
      {"ports", ports},
      {"config_hash", config_hash(service, tree)},
      {"mounts", block(mounts(service))},
      {"healthcheck", health_check(component)},
      {"has_depends_on", !depends.empty()},
      {"depends_on", depends},
      {"cpus", fmt::format("{:.10g}", component.limits.cpus)},
      {"memory", fmt::format("{:.0f}M", std::floor(component.limits.memory.value / k_mib + 1e-6))}};
}

// Each volume once: the job for the volumes mounts those of the others too.
Values volumes(const Topology& topology, const std::vector<Service>& services) {
  Values out = Values::array();
  for (const auto& service : services) {
    if (service.one_shot) {
      continue;
    }
    for (const auto* list : {&service.component.volumes, &service.secrets}) {
      for (const auto& volume : *list) {
        out.push_back(Values{{"key", volume.name},
                             {"full_name", topology.volume_name(volume)},
                             {"holds", volume.holds}});
      }
    }
  }
  return out;
}

// Names and addresses that no proxy stands between.
std::string without_proxy(const std::vector<Service>& services) {
  std::vector<std::string> out = {"localhost", "127.0.0.1"};
  for (const auto& service : services) {
    if (!service.networks.empty()) {
      out.push_back(service.component.name);
    }
  }
  return join(out, ",");
}

Values networks(const Topology& topology) {
  return {{"ingest", network_name(topology, k_ingest)},
          {"backend", network_name(topology, k_backend)},
          {"scrape", network_name(topology, k_scrape)}};
}

// The helpers' names belong to the packaging.
Result<void> check_names(const std::vector<Service>& services) {
  std::set<std::string> seen;
  for (const auto& service : services) {
    if (!seen.insert(service.component.name).second) {
      return fail(Code::config,
                  fmt::format("two services would be called '{}'", service.component.name),
                  "a component cannot be called 'volume-init' or like another's probe "
                  "('NAME-health')");
    }
  }
  return {};
}

// Compose runs on one host, where a second instance would ask for the same ports.
Result<void> carries(const Topology& topology) {
  for (const auto& component : topology.components) {
    if (component.instances > 1) {
      return fail(Code::config,
                  fmt::format("Docker Compose runs one instance of each component, and {} has {}",
                              component.name, component.instances),
                  "choose another target");
    }
  }
  return {};
}

Result<void> package(Rendered& stack, const Topology& topology, const TemplateStore& store) {
  OBS_TRY_ASSIGN(const Helper helper, find_helper(store, topology));
  const auto all_services = services(topology, helper);
  OBS_TRY(check_names(all_services));
  Values all = stack.values;
  all["services"] = Values::array();
  for (const auto& service : all_services) {
    all["services"].push_back(service_values(service, stack.tree));
  }
  all["volumes"] = volumes(topology, all_services);
  all["networks"] = networks(topology);
  all["no_proxy"] = without_proxy(all_services);
  all["busybox"] = helper.image;
  for (const auto& [source, path] :
       std::map<std::string, std::string>{{"docker-compose.yml", k_file},
                                          {"sdk.env", "sdk.env"},
                                          {"env.example", ".env.example"}}) {
    OBS_TRY(add_file(stack.tree, store, k_folder + source, path, all));
  }
  return add_operations(stack.tree, k_folder + "OPERATIONS.md", topology, all, store, stack.alerts);
}

}  // namespace

const Target& target() {
  static const Target k_target = {.name = "compose",
                                  .title = "Docker Compose",
                                  .configs = "configs",
                                  .on_this_host = true,
                                  .carries = carries,
                                  .words = words,
                                  .package = package,
                                  .hand_over = nullptr,
                                  .limits = read_limits};
  return k_target;
}

}  // namespace obsctl::compose
