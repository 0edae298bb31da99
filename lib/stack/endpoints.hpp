// SPDX-License-Identifier: Apache-2.0
// Where this host reaches the published ports of a stack: the one place that builds their URLs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/model/topology.hpp"

namespace obsctl::stack {

struct Endpoint {
  std::string port;       // "otlp-grpc", "grafana": the key of `ports` in obsctl.yaml
  std::string component;  // that listens there
  std::string purpose;    // one line
  std::string scheme;     // "https" where the port speaks TLS, otherwise "http"
  std::string authority;  // "localhost:4317"

  [[nodiscard]] std::string url() const { return scheme + "://" + authority; }
};

// All of them, by component in start order.
[[nodiscard]] std::vector<Endpoint> endpoints(const Topology& topology);

// That of a port by its name, or of the port behind a capability ("telemetry.in",
// "dashboards.view"); nothing when it is not published.
[[nodiscard]] std::optional<Endpoint> endpoint(const Topology& topology, const std::string& port);
[[nodiscard]] std::optional<Endpoint> endpoint_of(const Topology& topology,
                                                  const std::string& capability);

// Where the component shows its own metrics: the URL with its path; nothing when the port is not
// published.
[[nodiscard]] std::optional<std::string> metrics_url(const Component& component);

}  // namespace obsctl::stack
