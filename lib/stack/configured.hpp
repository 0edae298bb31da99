// SPDX-License-Identifier: Apache-2.0
// What the configuration of a stack's components says, read back from its files, because a person
// may have changed it and the programs' metrics do not tell it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/stack/stack.hpp"

namespace obsctl::stack {

struct ConfiguredNumber {
  std::string name;                           // of the row in component.yaml
  std::map<std::string, std::string> labels;  // the keys that "{label}" stood for
  double value = 0;                           // seconds
};

// The `configured` of a component of this stack. Its files count in the order in which it reads
// them: those that obsctl generates, then the person's own. Errors: a file that is not valid YAML,
// a value that is no duration.
[[nodiscard]] Result<std::vector<ConfiguredNumber>> configured_numbers(
    const FileSystem& files, const Stack& stack, const std::string& component);

}  // namespace obsctl::stack
