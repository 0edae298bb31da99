// SPDX-License-Identifier: Apache-2.0
// size_stack: from what was asked for to what it needs. Pure; every number carries its formula.
#pragma once

#include "lib/sizing/report.hpp"

namespace obsctl::sizing {

// Sizes `spec` for its tier by `model`. Errors: an unknown tier; the measured model without a
// calibration.
[[nodiscard]] Result<SizingReport> size_stack(const StackSpec& spec, const Catalogs& catalogs,
                                              Model model);

// Load, signals, components and host by the recommended model, without prices and comparisons: what
// `init` generates from and what searches evaluate many times.
[[nodiscard]] Result<SizingReport> size_plan(const StackSpec& spec, const Catalogs& catalogs);

// The tier that the spec's own rates ask for, where it sets any; spec.tier otherwise.
[[nodiscard]] std::string tier_by_load(const StackSpec& spec, const Catalogs& catalogs);

}  // namespace obsctl::sizing
