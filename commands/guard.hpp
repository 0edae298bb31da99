// SPDX-License-Identifier: Apache-2.0
// The hidden command that guards a standstill, and its start.
#pragma once

#include <filesystem>
#include <memory>

#include "commands/command.hpp"
#include "lib/io/companion.hpp"

namespace obsctl {

[[nodiscard]] Command guard_command();

// Starts it for the journal in `directory`, which is absolute.
[[nodiscard]] Result<std::unique_ptr<Companion>> start_guard(
    const std::filesystem::path& directory);

}  // namespace obsctl
