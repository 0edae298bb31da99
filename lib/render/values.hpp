// StackSpec + Topology → the values that templates insert: computed here, flat there.
#pragma once

#include <string>

#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/template.hpp"

namespace obsctl {

// The values of all component configs and documents. One object per component ("collector",
// "prometheus", "loki", "jaeger"), "ports" by name, and the stack's own settings on top. Every
// number is derived from the spec, the tier or the topology's limits; the derivation stands beside
// it in values.cpp.
[[nodiscard]] Values stack_values(const StackSpec& spec, const Topology& topology);

// What a person on this host types to reach a port published on `bind`: "localhost" for loopback
// and "all addresses", otherwise the address itself, IPv6 in brackets.
[[nodiscard]] std::string reachable_host(const std::string& bind);

}  // namespace obsctl
