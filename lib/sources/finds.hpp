// SPDX-License-Identifier: Apache-2.0
// The find.yaml of a subject's components, which the probe and the sources of evidence ask stores by.
#pragma once

#include <vector>

#include "lib/catalog/find.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::health {

// With the values of the subject's stack. Errors: one is not valid.
[[nodiscard]] Result<std::vector<catalog::Find>> read_finds(const Subject& subject);

}  // namespace obsctl::health
