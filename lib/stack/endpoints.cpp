// SPDX-License-Identifier: Apache-2.0
// URLs of published ports.
#include "lib/stack/endpoints.hpp"

#include <algorithm>

namespace obsctl::stack {
namespace {

Endpoint make(const Component& component, const Port& port) {
  return {.port = port.name,
          .component = component.name,
          .purpose = port.purpose,
          .scheme = port.scheme(),
          .authority = port.reached_at()};
}

}  // namespace

std::vector<Endpoint> endpoints(const Topology& topology) {
  std::vector<Endpoint> out;
  for (const auto& component : topology.components) {
    for (const auto& port : component.ports) {
      if (port.host != 0) {
        out.push_back(make(component, port));
      }
    }
  }
  return out;
}

std::optional<Endpoint> endpoint(const Topology& topology, const std::string& port) {
  const auto all = endpoints(topology);
  const auto found = std::ranges::find(all, port, &Endpoint::port);
  return found == all.end() ? std::nullopt : std::optional(*found);
}

std::optional<Endpoint> endpoint_of(const Topology& topology, const std::string& capability) {
  const Port* port = topology.port_of(capability);
  return port == nullptr ? std::nullopt : endpoint(topology, port->name);
}

std::optional<std::string> metrics_url(const Component& component) {
  const auto port = std::ranges::find(component.ports, component.metrics_port, &Port::container);
  if (component.metrics_path.empty() || port == component.ports.end() || port->host == 0) {
    return std::nullopt;
  }
  return make(component, *port).url() + component.metrics_path;
}

}  // namespace obsctl::stack
