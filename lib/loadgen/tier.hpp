// SPDX-License-Identifier: Apache-2.0
// A tier as a load test: what it is documented to carry is sent, and the verdict is whether it was
// carried.
#pragma once

#include "lib/loadgen/options.hpp"

namespace obsctl::loadgen {

// The tier's rates, series and sizes become the scenario's; returns what is demanded, not yet
// judged.
[[nodiscard]] TierVerdict apply_tier(const TierLoad& load, Scenario& scenario);

// Judges the tier of the report, if it has one: everything was sent and accepted and, with a
// ledger, delivered.
void judge_tier(Report& report);

}  // namespace obsctl::loadgen
