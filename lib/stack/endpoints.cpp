// SPDX-License-Identifier: Apache-2.0
// URLs of published ports.
#include "lib/stack/endpoints.hpp"

#include <algorithm>

namespace obsctl::stack {
namespace {

// TLS protects what other hosts send; everything else of the receiver is for this host alone.
bool is_receiver(const Topology& topology, const Component& component, const Port& port) {
  const Provider* receiver = topology.provider("telemetry.in");
  return receiver != nullptr && receiver->component == component.name && port.reachable;
}

Endpoint make(const Topology& topology, const Component& component, const Port& port) {
  return {
      .port = port.name,
      .component = component.name,
      .purpose = port.purpose,
      .scheme = is_receiver(topology, component, port) ? topology.policy.security.scheme() : "http",
      .authority = port.reached_at()};
}

}  // namespace

std::vector<Endpoint> endpoints(const Topology& topology) {
  std::vector<Endpoint> out;
  for (const auto& component : topology.components) {
    for (const auto& port : component.ports) {
      if (port.host != 0) {
        out.push_back(make(topology, component, port));
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

std::optional<std::string> metrics_url(const Topology& topology, const Component& component) {
  const auto port = std::ranges::find(component.ports, component.metrics_port, &Port::container);
  if (component.metrics_path.empty() || port == component.ports.end() || port->host == 0) {
    return std::nullopt;
  }
  return make(topology, component, *port).url() + component.metrics_path;
}

}  // namespace obsctl::stack
