// SPDX-License-Identifier: Apache-2.0
// The numbers of the generated files that follow from load and limits, by the components' rules.
#pragma once

#include "lib/sizing/amounts.hpp"
#include "lib/sizing/recommend.hpp"

namespace obsctl::sizing {

// The settings of one sized component, in the order of its rules, then those that every component
// has, then "<signal>_days" for each signal it keeps. Keys are "<component>.<setting>".
[[nodiscard]] std::vector<Quantity> derive_settings(const Selected& component,
                                                    const ComponentInputs& in, const Amounts& load,
                                                    const ComponentPlan& plan);

}  // namespace obsctl::sizing
