// SPDX-License-Identifier: Apache-2.0
// Instances, cores, memory and disk of each component of a tier, by each model.
#pragma once

#include "lib/sizing/signals.hpp"

namespace obsctl::sizing {

// What the component rules read; made once per model.
struct ComponentInputs : LoadInputs {
  const std::vector<SignalPlan>& signals;
};

[[nodiscard]] std::vector<ComponentPlan> plan_components(const ComponentInputs& in);

// How many of a component run, and why.
struct Instances {
  int count = 0;
  std::string reason;
};

// `planned`, unless the spec sets a number or high availability needs more.
[[nodiscard]] Instances count_instances(const LoadInputs& in, const std::string& component,
                                        Instances planned);

// The stores of a signal; without one, the collectors.
using Part = std::optional<Signal>;
inline constexpr Part k_collectors = std::nullopt;

[[nodiscard]] bool belongs(const Catalogs& catalogs, const std::string& component,
                           const std::string& role, const Part& part);

// The first row of the tier that belongs to the part, or null.
[[nodiscard]] const catalog::TierComponent* row_of(const LoadInputs& in, const Part& part);

// Memory (GB) and cores that the model asks for over all instances of the row's component; nothing
// where it has no rule.
[[nodiscard]] std::optional<Quantity> memory_rule(const ComponentInputs& in,
                                                  const catalog::TierComponent& row);
[[nodiscard]] std::optional<Quantity> cpu_rule(const ComponentInputs& in,
                                               const catalog::TierComponent& row);

}  // namespace obsctl::sizing
