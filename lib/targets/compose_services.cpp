// SPDX-License-Identifier: Apache-2.0
// Turns components into Compose services and adds the helpers.
#include "lib/targets/compose_services.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::compose {
namespace {

constexpr auto k_init = "volume-init";
// Shells that end or sleep: not part of the plan.
const Limits k_init_limits = {0.5, Bytes::from_mib(64)};
const Limits k_probe_limits = {0.05, Bytes::from_mib(32)};

bool needs_init(const Component& component) {
  const auto fresh = [](const Volume& volume) { return volume.needs_init; };
  const auto copied = [](const SecretUse& secret) { return !secret.volume.empty(); };
  return std::ranges::any_of(component.volumes, fresh) ||
         std::ranges::any_of(component.secrets, copied);
}

// A 0600 file of the host is unreadable for the user inside the container, so its copy lies in a
// volume of its own.
void add_secrets(Service& service) {
  for (const auto& secret : service.component.secrets) {
    if (!secret.environment.empty()) {
      service.env_files.push_back(secret.environment);
      continue;
    }
    service.component.volumes.push_back({.name = secret.volume,
                                         .mount = secret.mount,
                                         .needs_init = true,
                                         .backup = Backup::none,
                                         .holds = secret.holds});
  }
}

void add_mounts(Service& service) {
  const Configs& configs = service.component.configs;
  const std::string folder = "configs/" + service.component.name;
  if (configs.mount.empty()) {
    return;
  }
  if (configs.folders.empty()) {
    service.mounts.push_back({folder, configs.mount});
  }
  for (const auto& name : configs.folders) {
    service.mounts.push_back({folder + "/" + name, configs.mount + "/" + name});
  }
}

// What is healthy when the component is: a probe beside it where its image has none.
std::string health_of(const Topology& topology, const std::string& name) {
  const Component* component = topology.find(name);
  const std::string probe = component == nullptr ? "" : probe_of(*component);
  return probe.empty() ? name : probe;
}

// Why the service looks as it does, beside what is said of the component everywhere.
void add_notes(Component& component) {
  std::vector<std::string> first;
  if (component.probes && !component.probes->readiness.command.empty() && !component.wget) {
    first.emplace_back("Its image has no shell and no wget; the binary checks itself.");
  }
  if (component.uid == 0) {
    first.emplace_back(
        "Its image runs as root; without capabilities that root can do nothing "
        "but write its own volume.");
  }
  if (const std::string probe = probe_of(component); !probe.empty()) {
    first.push_back(
        "No healthcheck: the image holds nothing but the binary, which has no health command. " +
        probe + " asks from outside.");
  }
  component.notes.insert(component.notes.begin(), first.begin(), first.end());
  if (component.host_view) {
    component.notes.emplace_back(
        "'/' is mounted without rslave so that it starts on every engine; a disk that is mounted "
        "later appears after a restart of this service.");
  }
}

Service of_component(const Topology& topology, const Component& component) {
  Service out{.component = component};
  add_notes(out.component);
  if (needs_init(component)) {
    out.start_after.push_back({k_init, "service_completed_successfully"});
  }
  for (const auto& dependency : component.depends_on) {
    if (dependency.condition == Ready::healthy) {
      out.start_after.push_back({health_of(topology, dependency.component), "service_healthy"});
    } else {
      out.start_after.push_back({dependency.component, "service_started"});
    }
  }
  add_secrets(out);
  add_mounts(out);
  return out;
}

Service helper_service(const Helper& helper, std::string name, Limits limits) {
  Service out;
  out.component.name = std::move(name);
  out.component.title = "BusyBox";
  out.component.image = helper.image;
  out.component.version = helper.version;
  out.component.limits = limits;
  return out;
}

// The lines of the script for one volume; adds the mounts that they need.
std::string prepare(const Component& component, const Volume& volume, Service& init) {
  const std::string path = "/volumes/" + volume.name;
  init.component.volumes.push_back({.name = volume.name, .mount = path, .backup = Backup::none});
  std::string script;
  for (const auto& secret : component.secrets) {
    if (secret.volume != volume.name) {
      continue;
    }
    for (const auto& file : secret.files) {
      const std::string source = "/from/" + file;
      init.mounts.push_back({file, source});
      script += fmt::format("cp {0} {1}/{2}\nchmod 0400 {1}/{2}\n", source, path,
                            split(file, '/').back());
    }
  }
  return script + fmt::format("chown -R {0}:{0} {1}\n", component.uid, path);
}

Service volume_init(const std::vector<Service>& services, const Helper& helper) {
  Service out = helper_service(helper, k_init, k_init_limits);
  out.component.purpose =
      "gives volumes to the users that the services run as, then ends; runs on every 'up'";
  out.one_shot = true;
  out.component.user = "0:0";
  out.cap_add = {"CHOWN", "DAC_OVERRIDE", "FOWNER"};
  std::vector<std::string> owners;
  std::string script;
  for (const auto& service : services) {
    for (const auto& volume : service.component.volumes) {
      if (!volume.needs_init) {
        continue;
      }
      script += prepare(service.component, volume, out);
      if (volume.backup != Backup::none) {
        owners.push_back(service.component.name);
      }
    }
  }
  out.component.notes = {fmt::format(
      "A new named volume belongs to root unless the image owns the path. The images of {} do not, "
      "and their processes are not root: without this they stop with 'permission denied'.",
      join(owners, " and "))};
  if (!out.mounts.empty()) {
    out.component.notes.emplace_back(
        "It also copies the files below /from, which only their owner on the host "
        "may read: through a mount they would be unreadable for those users.");
  }
  out.entrypoint = {"/bin/sh", "-euc"};
  out.component.command = {script};
  return out;
}

Service probe(const Component& component, const Helper& helper) {
  Service out = helper_service(helper, probe_of(component), k_probe_limits);
  out.component.purpose =
      fmt::format("shows the health of {} in 'docker compose ps'", component.name);
  out.component.notes = {fmt::format(
      "The image of {0} has no program that could probe it, so this one does. Services of yours "
      "that must not start before {0} can depend on it: condition: service_healthy.",
      component.name)};
  out.component.user = "65534:65534";
  out.component.command = {"sleep", "infinity"};
  out.component.stop_grace = {1};  // sleep as process 1 ignores SIGTERM; there is nothing to finish
  const Probe& ready = component.probes->readiness;
  out.component.probes = component.probes;
  out.component.probes->readiness.command = {
      "wget", "-q", "-O", "/dev/null",
      fmt::format("http://{}:{}{}", component.name, ready.port, ready.path)};
  out.start_after = {{component.name, "service_started"}};
  return out;
}

}  // namespace

std::string probe_of(const Component& component) {
  return component.probes && component.probes->readiness.command.empty()
             ? component.name + "-health"
             : "";
}

std::vector<Service> services(const Topology& topology, const Helper& helper) {
  std::vector<Service> out;
  for (const auto& component : topology.components) {
    out.push_back(of_component(topology, component));
    if (!probe_of(component).empty()) {
      out.push_back(probe(component, helper));
    }
  }
  if (std::ranges::any_of(topology.components, needs_init)) {
    out.insert(out.begin(), volume_init(out, helper));
  }
  return out;
}

}  // namespace obsctl::compose
