// SPDX-License-Identifier: Apache-2.0
// The container engine itself.
#pragma once

#include "lib/sources/context.hpp"

namespace obsctl::health {

[[nodiscard]] std::vector<Inquiry> engine_inquiries(const Context& context);

}  // namespace obsctl::health
