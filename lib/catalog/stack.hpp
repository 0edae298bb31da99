// SPDX-License-Identifier: Apache-2.0
// Which components a stack has: the list of templates/stacks with the choices of a spec.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/catalog/components.hpp"
#include "lib/model/spec.hpp"

namespace obsctl::catalog {

// A stack's components by name in start order, and which of them the spec (or a default) chose for
// a capability.
struct ChosenStack {
  std::vector<std::string> components;
  std::map<std::string, std::string> chosen;  // capability → component
};

// Errors: a setting that names no component, or one that does not provide what it is chosen for.
[[nodiscard]] Result<ChosenStack> choose_stack(const StackSpec& spec,
                                               const std::vector<StackEntry>& entries,
                                               const Components& components);

// Names of the components that provide a capability.
[[nodiscard]] std::vector<std::string> providers(const Components& components,
                                                 std::string_view capability);

// Names of the components that a setting of the spec can choose, in any stack; empty when it
// chooses none.
[[nodiscard]] std::vector<std::string> choices(std::string_view setting,
                                               const std::vector<StackEntry>& entries,
                                               const Components& components);

// Every capability that any component provides, sorted.
[[nodiscard]] std::vector<std::string> capabilities(const Components& components);

}  // namespace obsctl::catalog
