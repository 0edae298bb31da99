// SPDX-License-Identifier: Apache-2.0
// The nearest plan that a host holds: how much of the load, and how long a retention.
#pragma once

#include <optional>
#include <string>

#include "lib/sizing/plan.hpp"

namespace obsctl::sizing {

// The largest part of the asked load that the cores and the memory of the host hold; nothing when
// not even an idle stack fits. Empty settings when the whole load fits.
[[nodiscard]] std::optional<Settings> nearest_load(const StackSpec& spec, const Catalogs& catalogs);

// The longest retention, by the same share for each signal, that the disk of the host holds;
// nothing when not even the shortest fits. Empty settings when the asked one fits.
[[nodiscard]] std::optional<Settings> nearest_retention(const StackSpec& spec,
                                                        const Catalogs& catalogs);

// `spec` with the settings, which must be valid.
[[nodiscard]] StackSpec with_settings(StackSpec spec, const Settings& settings);

}  // namespace obsctl::sizing
