// SPDX-License-Identifier: Apache-2.0
// The amounts that sizing rules are about: rates, bytes and counts of the load, by name.
//
// A rule in a component's sizing.yaml names one of these in `of`; its reader knows their names
// (k_load_amounts of lib/catalog/component_sizing.hpp).
#pragma once

#include <map>
#include <string>

#include "lib/sizing/report.hpp"

namespace obsctl::sizing {

using Amounts = std::map<std::string, Input>;

// Over all topics of the queue.
[[nodiscard]] Quantity queue_partitions(const StackSpec& spec);

// Every amount of k_load_amounts. A component's own cores, memory, disk and settings join them when
// it is sized.
[[nodiscard]] Amounts load_amounts(const StackSpec& spec, const Load& load,
                                   const std::vector<SignalPlan>& signals);

}  // namespace obsctl::sizing
