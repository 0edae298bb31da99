// SPDX-License-Identifier: Apache-2.0
// What each component counts about itself.
#pragma once

#include "lib/sources/context.hpp"

namespace obsctl::health {

[[nodiscard]] std::vector<Inquiry> metrics_inquiries(const Context& context);

}  // namespace obsctl::health
