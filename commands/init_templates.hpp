// Templates of the user: exporting the built-in ones and finding the directories that replace them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "commands/init_options.hpp"

namespace obsctl {

// Writes every built-in template below `directory`. Files that are there and differ are an error
// (exit code 2, nothing written) unless `force`.
[[nodiscard]] Result<int> export_templates(Context& context, const std::string& directory,
                                           bool force);

// The directories that replace built-in templates, first wins: --template-dir in their order, then
// .obsctl/templates of the stack. Errors: a directory that is not there, or a file in it that
// replaces nothing (most likely misnamed).
[[nodiscard]] Result<std::vector<std::filesystem::path>> template_directories(
    const Context& context, const InitOptions& options, const std::filesystem::path& stack);

}  // namespace obsctl
