// What of a load does not fit, in the words of the command line.
#pragma once

#include <vector>

#include "lib/sizing/check.hpp"

namespace obsctl {

// The findings with hints that name the settings that fit as flags to paste.
[[nodiscard]] std::vector<sizing::Finding> in_flags(std::vector<sizing::Finding> findings);

}  // namespace obsctl
