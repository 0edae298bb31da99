// SPDX-License-Identifier: Apache-2.0
// Names for the numbers of a report, so that a person can ask for one of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/sizing/report.hpp"

namespace obsctl::sizing {

// Gives every number its key: "loki.memory", "otel-collector.num_traces", "logs.stored",
// "cost.aws.low". Called once, when the report is complete.
void name_quantities(SizingReport& report);

// The named numbers in the order a reader meets them.
[[nodiscard]] std::vector<const Quantity*> named_quantities(const SizingReport& report);

// One number by its key; an unknown key is a usage error with a suggestion.
[[nodiscard]] Result<const Quantity*> explain(const SizingReport& report, std::string_view key);

}  // namespace obsctl::sizing
