// SPDX-License-Identifier: Apache-2.0
// From words to an exit code.
#pragma once

#include <string>
#include <vector>

#include "commands/command.hpp"

namespace obsctl::cli {

// Runs `obsctl WORDS…` and returns its exit code.
[[nodiscard]] int run(const std::vector<std::string>& words, const System& system);

}  // namespace obsctl::cli
