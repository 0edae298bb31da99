// Topology → the values that templates insert: computed here, flat there.
#pragma once

#include <string>

#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// The values of all component configs and documents. One object per component ("collector",
// "prometheus", "loki", "jaeger"), "ports" by name, and the stack's own settings on top. Every
// number is a setting of a component or a limit of the topology, and so a quantity of the sizing.
[[nodiscard]] Values stack_values(const Topology& topology);

// What a person on this host types to reach a port published on `bind`: "localhost" for loopback
// and "all addresses", otherwise the address itself, IPv6 in brackets.
[[nodiscard]] std::string reachable_host(const std::string& bind);

}  // namespace obsctl
