// SPDX-License-Identifier: Apache-2.0
// Templates of the user: exporting the built-in ones, and the catalogs and templates of one stack,
// in which the directories of the user come before what is built in.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/sizing/catalogs.hpp"
#include "lib/template/template.hpp"

namespace obsctl::stack {

// Writes every built-in template below `directory` (absolute) and returns how many. Errors: files
// that are there and differ, unless `force`; nothing is written then.
[[nodiscard]] Result<std::size_t> export_templates(FileSystem& files,
                                                   const std::filesystem::path& directory,
                                                   bool force);

// The files in .obsctl/templates of the directory `stack`, relative to it; none where it or the stack
// is not there. Errors: it is a link or a file.
[[nodiscard]] Result<std::vector<std::filesystem::path>> own_templates(
    const FileSystem& files, const std::filesystem::path& stack);

// What a stack is made of.
struct StackTemplates {
  sizing::Catalogs catalogs;
  TemplateStore store;
};

// The built-in catalogs and templates under those of the directories, first wins: `given`
// (relative to the current directory) in their order, then .obsctl/templates of the directory
// `stack`. Errors: a directory that is not there, a file in it that replaces nothing (most likely
// misnamed), a component that is not valid.
[[nodiscard]] Result<StackTemplates> load_templates(const FileSystem& files,
                                                    const Environment& environment,
                                                    const std::vector<std::string>& given,
                                                    const std::filesystem::path& stack);

// The built-in catalogs, parsed once.
[[nodiscard]] const Result<sizing::Catalogs>& built_in_catalogs();

}  // namespace obsctl::stack
