// SPDX-License-Identifier: Apache-2.0
// Numbers of a spec that no stack has: a slip of the keyboard, whose products would overflow.
#pragma once

#include <vector>

#include "lib/model/spec.hpp"

namespace obsctl {

// One error per setting, with its key as the subject and what is allowed as the hint.
[[nodiscard]] std::vector<Error> out_of_bounds(const StackSpec& spec);

}  // namespace obsctl
