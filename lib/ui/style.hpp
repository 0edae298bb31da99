// SPDX-License-Identifier: Apache-2.0
// ANSI colour, used sparingly and never as the only carrier of a meaning.
#pragma once

#include <string>
#include <string_view>

namespace obsctl {

enum class Style { bold, dim, red, green, yellow };

// The text in that style when `color`, otherwise unchanged.
[[nodiscard]] std::string style(Style style, std::string_view text, bool color);

}  // namespace obsctl
