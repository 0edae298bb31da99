// Chooses the shortest command that works: by a published port, or from inside the network.
#include "lib/render/reach.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace obsctl {
namespace {

// The port that answers questions about what is stored, otherwise that of its own metrics; 0: none.
int api_port(const Topology& topology, const Component& component) {
  const auto query = std::ranges::find_if(topology.providers, [&component](const Provider& one) {
    return one.component == component.name && one.capability.ends_with(".query");
  });
  return query == topology.providers.end() ? component.metrics_port : query->port;
}

std::string ask(const Topology& topology, const Component& component, int number,
                const std::string& helper_image) {
  const auto port = std::ranges::find(component.ports, number, &Port::container);
  return port != component.ports.end() && port->host != 0
             ? "curl -s " + port->reached_at()
             : fmt::format("docker run --rm --network {} {} wget -qO- http://{}:{}", topology.name,
                           helper_image, component.name, number);
}

}  // namespace

Values ask_commands(const Topology& topology, const std::string& helper_image) {
  Values out = Values::object();
  for (const auto& component : topology.components) {
    if (const int number = api_port(topology, component); number != 0) {
      out[component.name] = ask(topology, component, number, helper_image);
    }
  }
  return out;
}

Values volume_commands(const Topology& topology, const std::string& helper_image) {
  Values out = Values::object();
  for (const auto& component : topology.components) {
    if (!component.volumes.empty()) {
      out[component.name] = fmt::format("docker run --rm -v {}_{}:/d {}", topology.name,
                                        component.volumes.front().name, helper_image);
    }
  }
  return out;
}

std::string curl_options(const SecuritySpec& security) {
  std::string out;
  if (security.tls == "self-signed") {
    out += "--cacert tls/ca.crt ";
  }
  if (security.auth == "bearer") {
    out += "-H \"Authorization: Bearer $(sed -n 's/^OTLP_AUTH_TOKEN=//p' secrets/otlp.env)\" ";
  }
  return out;
}

}  // namespace obsctl
