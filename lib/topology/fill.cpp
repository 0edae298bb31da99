// SPDX-License-Identifier: Apache-2.0
// Renders one text of a component.
#include "lib/topology/fill.hpp"

#include <fmt/format.h>

namespace obsctl {

Result<std::string> fill_in(const std::string& file, const std::string& key,
                            const std::string& text, const Values& values) {
  if (text.find("[%") == std::string::npos) {
    return text;
  }
  auto filled = render_template({file, "", text}, values);
  if (!filled) {
    Error error = std::move(filled).error();
    error.at = SourcePos{file};  // its line is one of the text alone
    return Failure(std::move(error).in(fmt::format("filling in '{}'", key)));
  }
  return filled;
}

}  // namespace obsctl
