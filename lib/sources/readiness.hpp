// SPDX-License-Identifier: Apache-2.0
// The question that each component answers about itself: is it ready.
#pragma once

#include "lib/sources/context.hpp"

namespace obsctl::health {

[[nodiscard]] std::vector<Inquiry> readiness_inquiries(const Context& context);

}  // namespace obsctl::health
