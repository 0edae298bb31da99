// SPDX-License-Identifier: Apache-2.0
// Monthly cost of a plan: hosts and storage by provider, total cost of ownership, disaster
// recovery.
#pragma once

#include "lib/sizing/report.hpp"

namespace obsctl::sizing {

// Prices `report`, whose components and disk are already planned.
[[nodiscard]] CostPlan plan_cost(const StackSpec& spec, const catalog::Tier& tier,
                                 const Catalogs& catalogs, const SizingReport& report);

}  // namespace obsctl::sizing
