// SPDX-License-Identifier: Apache-2.0
// What is said when a word is none of a closed choice.
#include "lib/base/choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl {

Failure unknown_choice(std::string_view text, std::string_view what,
                       const std::vector<std::string>& names) {
  std::string hint = did_you_mean(text, names);
  for (const std::string& off : {std::string("off"), std::string("none")}) {
    const bool means_off = lower(text) == "false" || lower(text) == "no";
    if (means_off && std::ranges::find(names, off) != names.end()) {
      hint = fmt::format("did you mean '{}'?", off);
    }
  }
  return fail(Code::usage, fmt::format("unknown value '{}' for '{}'", text, what),
              hint.empty() ? "one of: " + join(names, ", ") : std::move(hint));
}

}  // namespace obsctl
