// Bytes per day of each signal, by each model.
#pragma once

#include "lib/sizing/report.hpp"

namespace obsctl::sizing {

// traces, metrics and logs in that order.
[[nodiscard]] std::vector<SignalPlan> plan_signals(const StackSpec& spec, const Load& load,
                                                   const catalog::Tier& tier,
                                                   const catalog::ModelData& data, Model model);

}  // namespace obsctl::sizing
