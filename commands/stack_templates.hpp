// Templates of the user: exporting the built-in ones, and the catalogs and templates of one stack,
// in which the directories of the user come before what is built in.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "lib/sizing/catalogs.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// Writes every built-in template below `directory`. Files that are there and differ are an error
// (exit code 2, nothing written) unless `force`.
[[nodiscard]] Result<int> export_templates(Context& context, const std::string& directory,
                                           bool force);

// The flag `--template-dir` of every command that reads a stack.
[[nodiscard]] Flag template_dir_flag(std::vector<std::string>* into, std::string group);

// What a stack is made of.
struct StackTemplates {
  sizing::Catalogs catalogs;
  TemplateStore store;
};

// The built-in catalogs and templates under those of the directories, first wins: `given`
// (--template-dir, relative to the current directory) in their order, then .obsctl/templates of the
// stack. Errors: a directory that is not there, a file in it that replaces nothing (most likely
// misnamed), a component that is not valid.
[[nodiscard]] Result<StackTemplates> load_stack_templates(const Context& context,
                                                          const std::vector<std::string>& given,
                                                          const std::filesystem::path& stack);

// The built-in catalogs, parsed once.
[[nodiscard]] const Result<sizing::Catalogs>& built_in_catalogs();

}  // namespace obsctl
