// SPDX-License-Identifier: Apache-2.0
// Bytes per day of each signal, by each model.
#pragma once

#include "lib/sizing/report.hpp"

namespace obsctl::sizing {

// What is known before the signals are planned; made once per model.
struct LoadInputs {
  const StackSpec& spec;
  const catalog::Tier& tier;  // with the chosen stores in their places (chosen_tier)
  const Catalogs& catalogs;
  Model model;
  const Load& load;
};

// In the order of Signal.
[[nodiscard]] std::vector<SignalPlan> plan_signals(const LoadInputs& in);

}  // namespace obsctl::sizing
