// SPDX-License-Identifier: Apache-2.0
// Compares a stack with what the container engine runs already, so that two stacks of one host do
// not take each other's containers, volumes and ports.
#pragma once

#include <vector>

#include "lib/init/init.hpp"

namespace obsctl::init {

// Notes about published ports that other projects hold, with settings that move them, and about a
// name that another directory's project has. Empty when no engine answers. Errors: a `fresh` stack
// has such a name; to start it would replace the containers of the other.
[[nodiscard]] Result<std::vector<Note>> compare_with_neighbours(const Services& services,
                                                                const stack::Stack& stack,
                                                                bool fresh);

}  // namespace obsctl::init
