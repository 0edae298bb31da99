// SPDX-License-Identifier: Apache-2.0
// The companion of a command that has stopped containers: starts them when that command has died.
#include "commands/guard.hpp"

#include <filesystem>

#include "lib/quiesce/standstill.hpp"

namespace obsctl {
namespace {

constexpr const char* k_name = "__guard";

}  // namespace

Command guard_command() {
  auto directory = std::make_shared<std::string>();
  return {
      .name = k_name,
      .summary = "start the containers that a command stopped, once that command has ended",
      .arguments = {{.name = "DIR",
                     .into = directory.get(),
                     .required = true,
                     .doc = "directory of the journal, absolute"}},
      .hidden = true,
      .run = [directory](Context& context) -> Result<int> {
        const quiesce::Parts parts{context.files, context.http, context.environment, context.clock};
        OBS_TRY(quiesce::keep_guard(parts, *directory, context.stop));
        return exit_code::ok;
      }};
}

Result<std::unique_ptr<Companion>> start_guard(const std::filesystem::path& directory) {
  return start_companion({k_name, directory.string()});
}

}  // namespace obsctl
