// SPDX-License-Identifier: Apache-2.0
// Topology → the values that templates insert: computed here, flat there.
#pragma once

#include <string>
#include <string_view>

#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/words.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// A text as one YAML value for a reader that expands $NAME and ${...} in it: the collector in all of its
// configuration, Prometheus in its external labels. Both read $$ as a $.
[[nodiscard]] std::string expanded_scalar(std::string_view text);

// The stack's own values for all component configs and documents. Every number is a setting of a
// component or a limit of the topology, and so a quantity of the sizing.
[[nodiscard]] Values stack_values(const Topology& topology, const Words& words);

// Adds one object per component under its name. Called last: a name that is taken is an error.
[[nodiscard]] Result<void> add_component_values(Values& values, const Topology& topology);

}  // namespace obsctl
