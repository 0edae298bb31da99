// SPDX-License-Identifier: Apache-2.0
// What is asked of the user's own `docker compose`, in the directory of a stack.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/process.hpp"
#include "lib/io/signals.hpp"

namespace obsctl::protect {

// Runs `docker compose ARGUMENTS…`. Errors: Code::missing without docker; its last words.
[[nodiscard]] Result<void> compose(Processes& processes, const std::filesystem::path& directory,
                                   const std::vector<std::string>& arguments, Duration longest,
                                   const StopFlag& stop);

}  // namespace obsctl::protect
