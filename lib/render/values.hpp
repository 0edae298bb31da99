// StackSpec + Topology → the values that templates insert: computed here, flat there.
#pragma once

#include "lib/base/error.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/template.hpp"

namespace obsctl {

// The values of all component configs and documents. One object per component ("collector", "prometheus",
// "loki", "jaeger"), "ports" by name, and the stack's own settings on top. Every number is derived from the
// spec, the tier or the topology's limits; the derivation stands beside it in values.cpp.
[[nodiscard]] Values stack_values(const StackSpec& spec, const Topology& topology);

}  // namespace obsctl
