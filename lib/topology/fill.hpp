// SPDX-License-Identifier: Apache-2.0
// Fills in the texts of a component.yaml, some when a stack is put together, others when a target
// is known.
#pragma once

#include <string>

#include "lib/template/template.hpp"

namespace obsctl {

// `text` stands below `key` of `file`, the component's own. Errors: a name without a value; they
// carry the file, whose line is not known, and the key.
[[nodiscard]] Result<std::string> fill_in(const std::string& file, const std::string& key,
                                          const std::string& text, const Values& values);

}  // namespace obsctl
