// SPDX-License-Identifier: Apache-2.0
// Topology → the values that templates insert: computed here, flat there.
#pragma once

#include <string>

#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/words.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// The stack's own values for all component configs and documents. Every number is a setting of a
// component or a limit of the topology, and so a quantity of the sizing.
[[nodiscard]] Values stack_values(const Topology& topology, const Words& words);

// Adds one object per component under its name. Called last: a name that is taken is an error.
[[nodiscard]] Result<void> add_component_values(Values& values, const Topology& topology);

}  // namespace obsctl
