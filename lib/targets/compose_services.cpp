// SPDX-License-Identifier: Apache-2.0
// Turns components into Compose services and adds the helpers.
#include "lib/targets/compose_services.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::compose {
namespace {

constexpr auto k_init = "volume-init";
// Replaces a secret at once, so that a reader never sees half of it, and never through a link.
// `value` prints a line of a file of KEY=value lines without its end, which would be a second,
// empty token for the collector.
constexpr auto k_script_head = R"sh(umask 077
put() {
  rm -f "$2.new"
  cat > "$2.new"
  [ -s "$2.new" ] || { echo "$3 is empty or missing" >&2; exit 1; }
  chmod 0400 "$2.new"
  chown "$1:$1" "$2.new"
  mv -f "$2.new" "$2"
}
value() {
  sed -n "s/\r\$//; s/^export //; s/^$1=//p" "$2" | tail -n 1 |
    sed "s/^'\(.*\)'\$/\1/; s/^\"\(.*\)\"\$/\1/" | tr -d '\n'
}
)sh";

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
    if (secret.volume.empty()) {
      service.env_files.push_back(secret.environment);
      continue;
    }
    service.secrets.push_back({.name = secret.volume,
                               .mount = secret.mount,
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

// Whoever receives from applications is on their network, and whoever scrapes on that of those who
// want to be scraped: a network of its own, because what is on it reaches all ports of the scraper.
void add_networks(Service& service) {
  const Component& component = service.component;
  if (std::ranges::find(component.ports, Exposure::reachable, &Port::exposure) !=
      component.ports.end()) {
    service.networks.emplace_back(k_ingest);
  }
  service.networks.emplace_back(k_backend);
  if (component.scrapes) {
    service.networks.emplace_back(k_scrape);
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
        "later appears after a restart of this service. An empty /run hides the engine's socket "
        "and all others; /run/media holds disks that people plug in.");
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
  add_networks(out);
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

// Mounts a volume where the script works on it, and gives it to its user.
std::string own(const Component& component, const Volume& volume, Service& init) {
  const std::string path = "/volumes/" + volume.name;
  init.component.volumes.push_back({.name = volume.name, .mount = path, .backup = Backup::none});
  return fmt::format("chown -R {0}:{0} {1}\n", component.uid, path);
}

// Makes a file of the generated directory readable for the script, once for all that want it.
void show(const std::string& file, Service& init) {
  if (std::ranges::find(init.mounts, file, &Mount::source) == init.mounts.end()) {
    init.mounts.push_back({file, "/from/" + file});
  }
}

// The lines that fill the volume of a secret.
std::string fill(const Component& component, const SecretUse& secret, Service& init) {
  const std::string path = "/volumes/" + secret.volume;
  std::string script;
  for (const auto& file : secret.files) {
    show(file, init);
    script += fmt::format("put {0} {1}/{2} {3} < /from/{3}\n", component.uid, path,
                          split(file, '/').back(), file);
  }
  if (!secret.keys.empty()) {
    show(secret.environment, init);
  }
  for (const auto& key : secret.keys) {
    script += fmt::format("value {0} /from/{1} | put {2} {3}/{0} '{0} in {1}'\n", key,
                          secret.environment, component.uid, path);
  }
  return script;
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
    for (const auto& volume : service.secrets) {
      script += own(service.component, volume, out);
    }
    for (const auto& secret : service.component.secrets) {
      script += fill(service.component, secret, out);
    }
    for (const auto& volume : service.component.volumes) {
      if (volume.needs_init) {
        script += own(service.component, volume, out);
        owners.push_back(service.component.name);
      }
    }
  }
  if (!owners.empty()) {
    out.component.notes = {fmt::format(
        "A new named volume belongs to root unless the image owns the path. These images do not, "
        "and their processes are not root: {}. Without this they stop with 'permission denied'.",
        join(owners, ", "))};
  }
  if (!out.mounts.empty()) {
    out.component.notes.emplace_back(
        "It copies the files below /from, which only their owner on the host may read: through a "
        "mount they would be unreadable for those users, and as environment everybody who may ask "
        "the engine could read them.");
  }
  out.entrypoint = {"/bin/sh", "-euc"};
  out.component.command = {(out.mounts.empty() ? "" : k_script_head) + script};
  return out;
}

Service probe(const Component& component, const Helper& helper) {
  Service out = helper_service(helper, probe_of(component), k_probe_limits);
  out.networks = {k_backend};
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
      "wget",
      "-q",
      "-Y",
      "off",
      "-O",
      "/dev/null",
      fmt::format("http://{}:{}{}", component.name, ready.port, ready.path)};
  out.start_after = {{component.name, "service_started"}};
  return out;
}

}  // namespace

std::string network_name(const Topology& topology, std::string_view key) {
  return key == k_ingest ? topology.name : fmt::format("{}_{}", topology.name, key);
}

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
