// SPDX-License-Identifier: Apache-2.0
// What lies in the directory of a stack and goes bad with time: certificates, backups, open secrets.
#pragma once

#include "lib/sources/context.hpp"

namespace obsctl::health {

[[nodiscard]] std::vector<Inquiry> files_inquiries(const Context& context);

}  // namespace obsctl::health
