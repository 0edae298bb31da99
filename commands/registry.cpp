// SPDX-License-Identifier: Apache-2.0
// The table of all commands. Adding one: write commands/<name>.{hpp,cpp}, add its line here.
#include "commands/backup.hpp"
#include "commands/command.hpp"
#include "commands/demo.hpp"
#include "commands/guard.hpp"
#include "commands/health.hpp"
#include "commands/init.hpp"
#include "commands/loadgen.hpp"
#include "commands/size.hpp"

namespace obsctl {

std::vector<Command> all_commands() {
  return {init_command(),    size_command(),    health_command(), backup_command(),
          restore_command(), loadgen_command(), demo_command(),   guard_command()};
}

}  // namespace obsctl
