// SPDX-License-Identifier: Apache-2.0
// What the engine says about the container of each component.
#pragma once

#include "lib/sources/context.hpp"

namespace obsctl::health {

[[nodiscard]] std::vector<Inquiry> container_inquiries(const Context& context);

}  // namespace obsctl::health
