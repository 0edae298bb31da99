// SPDX-License-Identifier: Apache-2.0
// Look-ups in a topology.
#include "lib/model/topology.hpp"

#include <algorithm>

namespace obsctl {

std::string Port::use() const {
  return purpose.substr(0, purpose.find(", "));
}

std::string Port::login() const {
  const auto comma = purpose.find(", ");
  return comma == std::string::npos ? "" : purpose.substr(comma + 2);
}

std::string Port::reached_at() const {
  static const std::vector<std::string> k_local = {"", "127.0.0.1", "0.0.0.0", "::1", "::"};
  const bool local = std::ranges::find(k_local, bind) != k_local.end();
  return local ? "localhost:" + std::to_string(host) : address();
}

std::string Port::address() const {
  std::string shown = bind;
  if (bind.empty() || bind == "0.0.0.0") {
    shown = "127.0.0.1";
  } else if (bind == "::") {
    shown = "[::1]";
  } else if (bind.find(':') != std::string::npos) {
    shown = "[" + bind + "]";
  }
  return shown + ":" + std::to_string(host);
}

double Component::setting(const std::string& setting_name) const {
  const auto found = settings.find(setting_name);
  return found == settings.end() ? 0 : found->second.value;
}

const Provider* Topology::provider(const std::string& capability) const {
  for (const auto& candidate : providers) {
    if (candidate.capability == capability) {
      return &candidate;
    }
  }
  return nullptr;
}

const Component* Topology::find(const std::string& component) const {
  for (const auto& candidate : components) {
    if (candidate.name == component) {
      return &candidate;
    }
  }
  return nullptr;
}

const Port* Component::checked_port() const {
  const int number = !metrics_path.empty() ? metrics_port : probes ? probes->readiness.port : 0;
  const auto port = std::ranges::find(ports, number, &Port::container);
  return port == ports.end() ? nullptr : &*port;
}

const Port* Topology::port_of(const std::string& capability) const {
  const Provider* found = provider(capability);
  if (found == nullptr) {
    return nullptr;
  }
  const auto& ports = find(found->component)->ports;
  const auto port = std::ranges::find(ports, found->port, &Port::container);
  return port == ports.end() ? nullptr : &*port;
}

const Port* Topology::port(const std::string& port_name) const {
  for (const auto& component : components) {
    for (const auto& candidate : component.ports) {
      if (candidate.name == port_name) {
        return &candidate;
      }
    }
  }
  return nullptr;
}

std::string Topology::pinned(const std::string& reference) const {
  const auto found = digests.find(reference);
  return found == digests.end() ? reference : reference + "@" + found->second;
}

std::string Topology::volume_name(const Volume& volume) const {
  return name + "_" + volume.name;
}

}  // namespace obsctl
