// SPDX-License-Identifier: Apache-2.0
// A generated stack as the target of a load test, and the targets that its owner allows.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "lib/loadgen/prepare.hpp"

namespace obsctl {

struct OpenedStack {
  std::filesystem::path spec_file;  // absolute
  loadgen::StackTarget target;
};

// The stack in `directory` or above it. Errors: those of stack::open.
[[nodiscard]] Result<OpenedStack> open_stack_target(Context& context, const std::string& directory,
                                                    const std::vector<std::string>& template_dirs);

// What the tier is documented to carry; what the stack was made for when it is of that tier.
[[nodiscard]] Result<loadgen::TierLoad> tier_load(const std::string& tier,
                                                  const std::optional<loadgen::StackTarget>& stack);

// Refuses more than the safe rate to a target beyond this machine unless loadgen.targets lists it:
// that of the stack, or else of obsctl.yaml in the current directory.
[[nodiscard]] Result<void> confirm_target(Context& context, const loadgen::PreparedRun& run,
                                          const loadgen::StackTarget* stack);

}  // namespace obsctl
