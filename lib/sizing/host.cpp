// SPDX-License-Identifier: Apache-2.0
// Holds the components against the host.
#include "lib/sizing/host.hpp"

#include <fmt/format.h>

namespace obsctl::sizing {
namespace {

constexpr double k_noise = 1e-9;

// One resource of all components.
struct Sums {
  Quantity need;
  double floors = 0;
};

Sums add_up(const std::vector<ComponentPlan>& components, Choice ComponentPlan::*resource,
            const char* name) {
  std::vector<Quantity> parts;
  Sums out;
  for (const auto& component : components) {
    const Choice& choice = component.*resource;
    parts.push_back(choice.overridden || !choice.formula ? choice.chosen : *choice.formula);
    out.floors += choice.floor;
  }
  out.need = sum_of(name, parts);
  return out;
}

void cut(const Quantity& offered, const char* why, const char* unit, double step,
         std::vector<ComponentPlan>& components, Choice ComponentPlan::*resource) {
  const Sums all = add_up(components, resource, "all components");
  for (auto& component : components) {
    Choice& choice = component.*resource;
    if (choice.overridden || choice.chosen.value <= 0) {
      continue;
    }
    Quantity less = calc("R04", choice.chosen.name,
                         {choice.chosen.input(),
                          {"floor", choice.floor, unit, "the component's sizing rule"},
                          {"step", step, unit, "written in steps that read well"},
                          all.need.input(),
                          {"all floors", all.floors, unit, "the components' sizing rules"},
                          offered.input()},
                         unit);
    less.key = choice.chosen.key;
    less.why = why;
    choice.chosen = std::move(less);
    choice.reason = "cut to the host";
  }
}

}  // namespace

bool HostPlan::holds_cpus() const {
  return need_cpus.value <= cpus.value * (1 + k_noise);
}
bool HostPlan::holds_memory() const {
  return need_memory.value <= memory.value * (1 + k_noise);
}
bool HostPlan::holds_disk() const {
  return !disk || need_disk.value <= disk->value * (1 + k_noise);
}

const catalog::Profile* smallest_profile(const Catalogs& catalogs, double cpus, double memory_gb) {
  for (const auto& profile : catalogs.profiles) {
    if (cpus <= profile.cpus * (1 + k_noise) &&
        memory_gb <= (profile.memory.gb() - profile.reserve.gb()) * (1 + k_noise)) {
      return &profile;
    }
  }
  return nullptr;
}

HostPlan plan_host(const StackSpec& spec, const Catalogs& catalogs,
                   const std::vector<ComponentPlan>& components) {
  const catalog::Profile* asked = catalogs.profile(spec.profile);
  const catalog::Profile& profile = asked != nullptr ? *asked : catalogs.profiles.front();
  const std::string source = "profile " + profile.name;
  HostPlan out;
  out.profile = profile.name;
  out.cpus = spec.host.cpus > 0 ? given("cores of the host", spec.host.cpus, "cores", "host.cpus")
                                : given("cores of the host", profile.cpus, "cores", source);
  const bool own_memory = spec.host.memory.value > 0;
  out.memory = calc(
      "D23", "memory of the host for the stack",
      {{"memory of the host", (own_memory ? spec.host.memory : profile.memory).gb(), "GB",
        own_memory ? "host.memory" : source},
       {"reserve", profile.reserve.gb(), "GB", "stays with the kernel and the container engine"}});
  if (spec.host.disk.value > 0) {
    out.disk = given("disk of the host", spec.host.disk.gb(), "GB", "host.disk");
  }
  out.need_cpus = add_up(components, &ComponentPlan::cpus, "cores needed").need;
  out.need_memory = add_up(components, &ComponentPlan::memory, "memory needed").need;
  out.need_disk = add_up(components, &ComponentPlan::disk, "disk needed").need;
  if (const auto* smallest =
          smallest_profile(catalogs, out.need_cpus.value, out.need_memory.value)) {
    out.smallest = smallest->name;
    out.smallest_cpus = smallest->cpus;
    out.smallest_memory_gb = smallest->memory.gb();
  }
  out.cpus.key = "host.cpus";
  out.memory.key = "host.memory";
  out.need_cpus.key = "need.cpus";
  out.need_memory.key = "need.memory";
  out.need_disk.key = "need.disk";
  return out;
}

void cut_to_fit(const HostPlan& host, std::vector<ComponentPlan>& components) {
  constexpr double k_mib = 1024 * 1024 / 1e9;  // in GB
  if (!host.holds_cpus()) {
    cut(host.cpus, "the host has fewer cores than the components ask for together", "cores", 0.01,
        components, &ComponentPlan::cpus);
  }
  if (!host.holds_memory()) {
    cut(host.memory, "the host has less memory than the components ask for together", "GB", k_mib,
        components, &ComponentPlan::memory);
  }
  if (!host.holds_disk()) {
    cut(*host.disk, "the host has less disk than the components ask for together", "GB", 0.1,
        components, &ComponentPlan::disk);
  }
}

}  // namespace obsctl::sizing
