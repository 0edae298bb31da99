// SPDX-License-Identifier: Apache-2.0
// ANSI SGR sequences (ECMA-48).
#include "lib/ui/style.hpp"

#include <fmt/format.h>

namespace obsctl {

std::string style(Style style, std::string_view text, bool color) {
  if (!color) {
    return std::string(text);
  }
  int code = 0;
  switch (style) {
    case Style::bold: code = 1; break;
    case Style::dim: code = 2; break;
    case Style::red: code = 31; break;
    case Style::green: code = 32; break;
    case Style::yellow: code = 33; break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace obsctl
