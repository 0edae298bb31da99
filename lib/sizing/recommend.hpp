// SPDX-License-Identifier: Apache-2.0
// The recommended model: every component by the rules of its own folder, within the host.
#pragma once

#include "lib/sizing/components.hpp"
#include "lib/sizing/selection.hpp"

namespace obsctl::sizing {

struct Recommended {
  std::vector<ComponentPlan> components;
  std::optional<HostPlan> host;
};

// Cores, memory and disk of each selected component: the larger of its floor and its rule, in steps
// that read well, cut towards the floors where a host does not hold them all; then the settings
// that follow. What the spec sets stays as it is.
[[nodiscard]] Recommended recommend(const ComponentInputs& in,
                                    const std::vector<Selected>& selected);

// How long a component keeps a signal, and how much of it lies on its disks, all copies.
[[nodiscard]] Input kept_days(const Kept& kept, const Load& load);
[[nodiscard]] Quantity daily_of(const Kept& kept, const Selected& component,
                                const ComponentInputs& in);
[[nodiscard]] Quantity stored_of(const Kept& kept, const Selected& component,
                                 const ComponentInputs& in);

}  // namespace obsctl::sizing
