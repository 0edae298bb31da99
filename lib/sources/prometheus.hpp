// SPDX-License-Identifier: Apache-2.0
// What the component that scrapes knows about the others: targets, rules, alerts, series.
#pragma once

#include "lib/sources/context.hpp"

namespace obsctl::health {

[[nodiscard]] std::vector<Inquiry> prometheus_inquiries(const Context& context);

}  // namespace obsctl::health
