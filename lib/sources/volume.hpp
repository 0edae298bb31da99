// SPDX-License-Identifier: Apache-2.0
// The file systems below the volumes of the stack, on which everything is stored.
#pragma once

#include "lib/sources/context.hpp"

namespace obsctl::health {

[[nodiscard]] std::vector<Inquiry> volume_inquiries(const Context& context);

}  // namespace obsctl::health
