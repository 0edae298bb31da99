// SPDX-License-Identifier: Apache-2.0
// Which header names mean a secret.
#include "lib/sink/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::otlp {

std::string shown_header(std::string_view name, std::string_view value) {
  static constexpr std::array<std::string_view, 7> k_secret = {
      "auth", "cookie", "token", "key", "secret", "password", "credential"};
  const std::string word = lower(name);
  const bool hidden = std::ranges::any_of(
      k_secret, [&word](std::string_view part) { return word.find(part) != std::string::npos; });
  return fmt::format("{}: {}", word, hidden ? "(not shown)" : printable(value, 200));
}

}  // namespace obsctl::otlp
