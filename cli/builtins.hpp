// SPDX-License-Identifier: Apache-2.0
// The commands that are about the program itself.
#pragma once

#include <vector>

#include "commands/command.hpp"

namespace obsctl::cli {

// all_commands() followed by help, completion, version and the hidden ones.
[[nodiscard]] std::vector<Command> program_commands();

}  // namespace obsctl::cli
