// SPDX-License-Identifier: Apache-2.0
// Flags that set one field of the spec, in every command that has them.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "commands/command.hpp"

namespace obsctl {

// The flag's doc and choices are the field's.
struct SpecFlag {
  const char* flag;
  const char* key;
  const char* value;
  const char* group;
  char short_name = 0;
  bool common = false;  // shown by -h
};

[[nodiscard]] Flag spec_flag(const SpecFlag& row, std::optional<std::string>* into);

// The flag `--template-dir` of every command that reads a stack.
[[nodiscard]] Flag template_dir_flag(std::vector<std::string>* into, std::string group);

// The settings of an error as flags to paste, behind its hint.
[[nodiscard]] Error settings_as_flags(Error error, std::span<const SpecFlag> flags);

// The same, and an error about a setting names its flag, if that has a value in `given` (by index),
// because that is what the user typed. An error in a file names the setting: the file says it so.
[[nodiscard]] Error in_terms_of_flags(Error error, std::span<const SpecFlag> flags,
                                      std::span<const std::optional<std::string>> given);

// Settings of the spec as a person types them: a flag where `flags` has one, --set otherwise.
[[nodiscard]] std::string typed(const std::map<std::string, std::string>& settings,
                                std::span<const SpecFlag> flags);

}  // namespace obsctl
