// SPDX-License-Identifier: Apache-2.0
// Breaks lines at blanks outside of commands.
#include "lib/health/wrapped.hpp"

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::health {

std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  constexpr char k_kept_space = '\x1f';  // printable() lets none through
  std::string kept = printable(text);
  bool command = false;
  for (char& c : kept) {
    command = command != (c == '`');
    c = command && c == ' ' ? k_kept_space : c;
  }
  std::string out = wrap(kept, width, indent);
  std::ranges::replace(out, k_kept_space, ' ');
  return out;
}

}  // namespace obsctl::health
