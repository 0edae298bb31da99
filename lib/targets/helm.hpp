// SPDX-License-Identifier: Apache-2.0
// The target Helm: a chart of our own, one instance of each component.
#pragma once

#include "lib/targets/target.hpp"

namespace obsctl::helm {

[[nodiscard]] const Target& target();

}  // namespace obsctl::helm
