// SPDX-License-Identifier: Apache-2.0
// Compares a plan with the host of the container engine, where there is one to ask.
#pragma once

#include <vector>

#include "lib/init/init.hpp"

namespace obsctl::init {

// Notes about what the engine's host lacks for the plan, with settings whose plan keeps within it,
// as far as there are any. Empty when it holds the plan or when no engine answers.
[[nodiscard]] std::vector<Note> compare_with_engine(const Services& services,
                                                    const stack::Stack& stack);

}  // namespace obsctl::init
