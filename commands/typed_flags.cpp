// SPDX-License-Identifier: Apache-2.0
// Parsers of typed flags that need no unit.
#include "commands/typed_flags.hpp"

#include <fmt/format.h>

namespace obsctl::typed_flags {

Result<std::filesystem::path> parse_path(std::string_view text, std::string_view what) {
  if (text.empty()) {
    return fail(Code::usage, fmt::format("empty path for '{}'", what), "name a file or directory");
  }
  return std::filesystem::path(text);
}

Result<Duration> parse_length(std::string_view text, std::string_view what) {
  OBS_TRY_ASSIGN(const Duration out, parse_duration(text, what));
  if (out.seconds <= 0) {
    return fail(Code::usage, fmt::format("'{}' must be longer than 0", what), "for example 10s");
  }
  return out;
}

}  // namespace obsctl::typed_flags
