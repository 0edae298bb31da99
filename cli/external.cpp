// SPDX-License-Identifier: Apache-2.0
// Finds obsctl-* programs and becomes them.
#include "cli/external.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include "lib/base/text.hpp"

namespace obsctl::cli {
namespace {

constexpr std::string_view k_prefix = "obsctl-";

std::vector<std::filesystem::path> path_directories(const Environment& environment) {
  std::vector<std::filesystem::path> out;
  for (const auto& part : split(environment.get("PATH").value_or(""), ':')) {
    if (part.starts_with('/')) {  // a relative PATH entry would run whatever lies in the directory
      out.emplace_back(part);
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> external_commands(const Environment& environment) {
  std::set<std::string> names;
  for (const auto& dir : path_directories(environment)) {
    std::error_code unreadable;  // PATH often names directories that do not exist
    for (const auto& file : std::filesystem::directory_iterator(dir, unreadable)) {
      const std::string name = file.path().filename().string();
      if (name.starts_with(k_prefix) && ::access(file.path().c_str(), X_OK) == 0) {
        names.insert(name.substr(k_prefix.size()));
      }
    }
  }
  return {names.begin(), names.end()};
}

Error run_external(const std::string& name, const std::vector<std::string>& words,
                   const Environment& environment) {
  const bool plain = name.find('/') == std::string::npos;
  for (const auto& dir : path_directories(environment)) {
    const std::string program = (dir / (std::string(k_prefix) + name)).string();
    if (!plain || ::access(program.c_str(), X_OK) != 0) {
      continue;
    }
    std::vector<std::string> copy = {program};
    copy.insert(copy.end(), words.begin(), words.end());
    std::vector<char*> argv;
    argv.reserve(copy.size() + 1);
    for (auto& word : copy) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    std::error_code unknown;  // without /proc the variable is simply not set
    const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
    if (!unknown) {
      ::setenv("OBSCTL_BIN", self.c_str(), 1);
    }
    ::execv(program.c_str(), argv.data());
    return {.code = Code::failed,
            .message = fmt::format("cannot run '{}': {}", program, std::strerror(errno))};
  }
  return {.code = Code::usage, .message = fmt::format("unknown command '{}'", name)};
}

}  // namespace obsctl::cli
