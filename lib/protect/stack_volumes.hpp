// SPDX-License-Identifier: Apache-2.0
// What of a running stack belongs into a backup: its directory and the volumes of its components,
// found by the names that the stack gives them and not by guessing.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lib/backup/volume.hpp"
#include "lib/protect/still_volume.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::protect {

// The stack's directory in every set: obsctl.yaml, generated files, secrets.
inline constexpr const char* k_stack_volume = "stack";

struct StackOptions {
  bool live = false;    // stop nothing: the copy is what a power failure would leave
  bool others = false;  // also volumes that containers of other projects write to
  std::filesystem::path repository = {};  // must not lie in the stack's directory; absolute
  // Only these, by the names that the stack gives them, and not its directory; empty: everything.
  std::vector<std::string> only = {};
};

struct StackVolumes {
  std::vector<backup::Volume> volumes = {};
  std::vector<std::string> left_out = {};  // "docker-logs-state: …", fit to be shown
};

// Asks the engine about every volume of the stack. Opening them stops their users one volume after
// the other; `touched` gets those. `engine` and `touched` outlive the result. Errors: a volume that
// is not there (Code::missing); one that others write to, named; the engine does not answer.
[[nodiscard]] Result<StackVolumes> stack_volumes(Engine& engine, const stack::Stack& stack,
                                                 const StackOptions& options,
                                                 std::vector<Earlier>& touched);

}  // namespace obsctl::protect
