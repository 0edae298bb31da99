// SPDX-License-Identifier: Apache-2.0
// Puts the components of the single-node stack together and checks what the spec overrides.
#include "lib/topology/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/base/text.hpp"
#include "lib/catalog/stack.hpp"
#include "lib/topology/instantiate.hpp"
#include "lib/topology/settings.hpp"

namespace obsctl {
namespace {

Retention retention_of(const sizing::Load& load) {
  return {.traces = Duration::from_days(load.trace_days.value),
          .metrics = Duration::from_days(load.metric_days.value),
          .logs = Duration::from_days(load.log_days.value)};
}

Load load_of(const sizing::Load& load) {
  return {.spans = {load.spans.value},
          .traces = {load.traces.value},
          .series = load.series.value,
          .lines = {load.lines.value}};
}

Policy policy_of(const StackSpec& spec) {
  const TraceSpec& traces = spec.traces;
  return {.environment = spec.environment,
          .scrape_interval = spec.metrics.scrape_interval,
          .keep_all_below = traces.keep_all_below,
          .keep = traces.keep,
          .always_kept = {std::min(1.0, traces.errors.value + traces.slow.value)},
          .slow_threshold = traces.slow_threshold,
          .decision_wait = traces.decision_wait,
          .drop_debug_logs = spec.logs.drop_debug,
          .print_telemetry = spec.print_telemetry,
          .security = spec.security,
          .forward = spec.forward,
          .alerting = spec.alerting};
}

// Who provides each capability: the component that was chosen for it, else the first that can.
std::vector<Provider> find_providers(const catalog::ChosenStack& stack,
                                     const catalog::Components& components) {
  std::vector<Provider> out;
  for (const auto& name : stack.components) {
    const catalog::ComponentDef& def = components.at(name);
    for (const auto& provided : def.provides) {
      const auto chosen = stack.chosen.find(provided.capability);
      const bool other = chosen != stack.chosen.end() && chosen->second != name;
      const bool taken =
          std::ranges::find(out, provided.capability, &Provider::capability) != out.end();
      if (!other && !taken) {
        out.push_back({provided.capability, name, def.title, def.port(provided.port)->number,
                       provided.path, provided.protocol, provided.headers, provided.comment,
                       provided.plugin});
      }
    }
  }
  return out;
}

// "id@version,…" of all that a viewer has to fetch.
std::string plugins(const Topology& topology) {
  std::vector<std::string> out;
  for (const auto& provider : topology.providers) {
    if (!provider.plugin.empty()) {
      out.push_back(provider.plugin);
    }
  }
  return join(out, ",");
}

Failure unmet(const catalog::ComponentDef& def, const catalog::Needed& need,
              const catalog::Components& components) {
  const auto can = catalog::providers(components, need.capability);
  return fail(Code::usage,
              fmt::format("'{}' needs {} and no component of the stack provides it", def.name,
                          need.capability),
              can.empty() ? "a component that provides it is missing"
                          : "these provide it: " + join(can, ", "));
}

// Links and start order from what each component needs.
Result<void> wire(const catalog::ComponentDef& def, const catalog::Components& components,
                  Topology& topology, Component& component) {
  for (const auto& need : def.needs) {
    const Provider* provider = topology.provider(need.capability);
    if (provider == nullptr && !need.optional) {
      return unmet(def, need, components);
    }
    if (provider == nullptr || provider->component == def.name) {
      continue;
    }
    if (!need.carries.empty()) {
      topology.links.push_back({def.name, provider->component, provider->port, need.carries,
                                LinkKind::need, need.capability});
    }
    if (need.start_healthy && !components.at(provider->component).probe) {
      return fail(Code::config,
                  fmt::format("'{}' waits for '{}' to be healthy, which has no probe", def.name,
                              provider->component),
                  "add 'probe' to its component.yaml, or leave out 'start: healthy'");
    }
    const bool known = std::ranges::find(component.depends_on, provider->component,
                                         &Dependency::component) != component.depends_on.end();
    if (need.start_healthy && !known) {
      component.depends_on.push_back({provider->component, Ready::healthy});
    }
  }
  return {};
}

void add_scrapes(Topology& topology) {
  for (const auto& from : topology.components) {
    if (!from.scrapes) {
      continue;
    }
    for (const auto& to : topology.components) {
      if (!to.metrics_path.empty()) {
        topology.links.push_back(
            {from.name, to.name, to.metrics_port, "metrics", LinkKind::scrape});
      }
    }
  }
}

Result<void> make_components(const StackSpec& spec, const sizing::SizingReport& report,
                             const sizing::Catalogs& catalogs, Topology& out) {
  OBS_TRY_ASSIGN(const auto stack,
                 catalog::choose_stack(spec, catalogs.single_node, catalogs.components));
  out.providers = find_providers(stack, catalogs.components);
  out.capabilities = catalog::capabilities(catalogs.components);
  topology::Context context{spec, report, topology::shared_values(spec, out.retention)};
  context.shared["providers"] =
      provider_values(out, [](std::string_view name) { return std::string(name); });
  context.shared["plugins"] = plugins(out);
  for (const auto& name : stack.components) {
    const catalog::ComponentDef& def = catalogs.components.at(name);
    OBS_TRY_ASSIGN(Component component, topology::instantiate(def, context));
    OBS_TRY(wire(def, catalogs.components, out, component));
    component.image = out.pinned(component.image);
    out.components.push_back(std::move(component));
  }
  add_scrapes(out);
  return {};
}

// A size that is less than the component needs without any load is a slip, such as 4MiB for 4GiB.
Result<void> check_size(const std::string& key, const std::optional<Bytes>& size, Bytes floor) {
  if (!size || *size >= floor) {
    return {};
  }
  return fail_setting(key,
                      fmt::format("'{}' is {}, less than the component needs without any load", key,
                                  human_bytes(*size)),
                      "at least", {{key, print_bytes(floor)}});
}

Result<void> check_components(const StackSpec& spec, const sizing::Catalogs& catalogs,
                              const Topology& topology) {
  for (const auto& [name, limits] : spec.components) {
    if (topology.find(name) != nullptr) {
      if (const auto* rules = catalogs.sizing_of(name)) {
        const std::string key = "components." + name;
        OBS_TRY(check_size(key + ".memory", limits.memory, {rules->memory.floor}));
        OBS_TRY(check_size(key + ".disk", limits.disk, {rules->disk.floor}));
      }
      continue;
    }
    std::vector<std::string> known;
    for (const auto& component : topology.components) {
      known.push_back(component.name);
    }
    const std::string hint = did_you_mean(name, known);
    return fail_setting("components." + name, fmt::format("the stack has no component '{}'", name),
                        hint.empty() ? "it has: " + join(known, ", ") : hint);
  }
  return {};
}

// Every receiver of alerts is one that the stack can send to.
Result<void> check_receivers(const StackSpec& spec, const Topology& topology) {
  const Provider* router = topology.provider("alerts.router");
  if (router == nullptr) {
    return {};
  }
  std::vector<std::string> known;
  for (const auto& [name, title] : topology.find(router->component)->receivers) {
    known.push_back(name);
  }
  constexpr auto k_key = "alerting.receivers";
  for (const auto& name : spec.alerting.receivers) {
    if (std::ranges::find(known, name) == known.end()) {
      Error error = unknown_choice(name, k_key, known).value();
      error.subject = k_key;
      return Failure(std::move(error));
    }
  }
  return {};
}

// What the spec says of a port by name is about one that may be published.
Result<void> check_port_names(const StackSpec& spec, const Topology& topology) {
  std::vector<std::string> known;
  for (const auto& component : topology.components) {
    for (const auto& port : component.ports) {
      if (port.exposure != Exposure::internal) {
        known.push_back(port.name);
      }
    }
  }
  const auto check = [&](const std::string& section, const std::string& name) -> Result<void> {
    if (std::ranges::find(known, name) != known.end()) {
      return {};
    }
    const std::string hint = did_you_mean(name, known);
    return fail_setting(section + "." + name, fmt::format("the stack has no port '{}'", name),
                        hint.empty() ? "it has: " + join(known, ", ") : hint);
  };
  for (const auto& [name, number] : spec.ports) {
    OBS_TRY(check("ports", name));
  }
  for (const auto& [name, url] : spec.public_urls) {
    OBS_TRY(check("public_urls", name));
  }
  return {};
}

// No two ports share an address.
Result<void> check_ports(const Topology& topology) {
  std::map<int, std::string> taken;
  for (const auto& component : topology.components) {
    for (const auto& port : component.ports) {
      if (port.host == 0) {
        continue;
      }
      const auto [it, is_new] = taken.emplace(port.host, port.name);
      if (!is_new) {
        return fail_setting("ports." + port.name,
                            fmt::format("'{}' and '{}' would both be published on port {}",
                                        it->second, port.name, port.host),
                            "move one of them",
                            {{"ports." + port.name, std::to_string(port.host + 1)}});
      }
    }
  }
  return {};
}

Result<Topology> build(const StackSpec& spec, const sizing::SizingReport& report,
                       const sizing::Catalogs& catalogs) {
  if (!report.host) {
    return fail_setting("tier", fmt::format("tier '{}' does not fit on a single node", spec.tier),
                        "generate tier small; 'obsctl size' shows what the larger tiers need");
  }
  Topology out{.name = spec.name,
               .tier = spec.tier,
               .policy = policy_of(spec),
               .load = load_of(report.load),
               .retention = retention_of(report.load),
               .digests = spec.digests};
  OBS_TRY(make_components(spec, report, catalogs, out));
  OBS_TRY(check_receivers(spec, out));
  OBS_TRY(check_components(spec, catalogs, out));
  OBS_TRY(check_port_names(spec, out));
  OBS_TRY(check_ports(out));
  return out;
}

}  // namespace

Result<Topology> build_topology(const StackSpec& spec, const sizing::SizingReport& report,
                                const sizing::Catalogs& catalogs) {
  return build(spec, report, catalogs).map_error([&](Error error) {
    return placed(std::move(error), spec);
  });
}

Result<SizedStack> size_and_build(const StackSpec& spec, const sizing::Catalogs& catalogs) {
  OBS_TRY_ASSIGN(auto report, sizing::size_plan(spec, catalogs));
  OBS_TRY_ASSIGN(auto topology, build_topology(spec, report, catalogs));
  return SizedStack{std::move(report), std::move(topology)};
}

}  // namespace obsctl
