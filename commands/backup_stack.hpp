// SPDX-License-Identifier: Apache-2.0
// What `obsctl backup create` and `obsctl restore` have in common when they work on a stack instead of
// on directories: opening it, its engine, and settling what an earlier run left.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands/backup.hpp"
#include "lib/backup/create.hpp"
#include "lib/protect/stack_volumes.hpp"
#include "lib/protect/still_volume.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl {

struct StackFlags {
  std::optional<std::string> dir;  // absent: found upwards
  bool live = false;
  bool others = false;
};

// A stack that Compose runs, and its engine. Kept where it is: others refer to it.
struct RunningStack {
  stack::Stack stack;
  protect::Engine engine;
  std::vector<protect::Earlier> touched = {};  // containers that were stopped, and started again
};

[[nodiscard]] Flag stack_dir_flag(StackFlags& flags);

// Starts what an earlier run left stopped. Errors: no stack (with a hint at --path), one that another
// target runs, a restore of it that is open (unless `in_restore`).
[[nodiscard]] Result<std::unique_ptr<RunningStack>> open_running_stack(Context& context,
                                                                       const StackFlags& flags,
                                                                       bool in_restore = false);

// Sets what a backup of a stack needs beside the flags: volumes that may be empty, sizes below which a
// queue may shrink.
void adapt_to_stack(backup::CreateOptions& options, const stack::Stack& stack);

// The last proof: every container is as it was before the backup. Then the stack remembers the
// backup, for `obsctl health`.
[[nodiscard]] Result<void> conclude(Context& context, RunningStack& running,
                                    const backup::Repository& repository,
                                    const backup::Created& created);

}  // namespace obsctl
