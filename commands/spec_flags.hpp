// Flags that set one field of the spec, in every command that has them.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

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

// An error about a field says the flag's name, because that is what the user typed. What stands in
// a file keeps its key.
[[nodiscard]] Error in_terms_of_flag(Error error, const SpecFlag& row);

// The settings of an error as flags to paste, behind its hint.
[[nodiscard]] Error settings_as_flags(Error error, std::span<const SpecFlag> flags);

// Both for an error of the whole spec; of the flags, those that have a value in `given` (by index).
[[nodiscard]] Error in_terms_of_flags(Error error, std::span<const SpecFlag> flags,
                                      std::span<const std::optional<std::string>> given);

// Settings of the spec as a person types them: a flag where `flags` has one, --set otherwise.
[[nodiscard]] std::string typed(const std::map<std::string, std::string>& settings,
                                std::span<const SpecFlag> flags);

}  // namespace obsctl
