// SPDX-License-Identifier: Apache-2.0
// `obsctl restore` without --to: back into the volumes of the stack.
#pragma once

#include <string>
#include <vector>

#include "commands/backup.hpp"
#include "commands/backup_stack.hpp"

namespace obsctl {

struct StackRestoreFlags {
  StackFlags stack;
  bool safety_backup = true;
  bool older_images = false;
};

// What the command line says beside it.
struct StackRestoreRequest {
  const RepositoryFlags& repository;
  const StackRestoreFlags& flags;
  const std::string& set;
  const std::vector<std::string>& volumes;
  bool yes = false;
  bool dry_run = false;
  bool resume = false;
  bool rollback = false;
  BackupFormat output = BackupFormat::text;
};

// Returns the exit code.
[[nodiscard]] Result<int> restore_into_stack(Context& context, const StackRestoreRequest& request);

}  // namespace obsctl
