// SPDX-License-Identifier: Apache-2.0
// Breaks texts of rows into lines for a terminal.
#pragma once

#include <string>

namespace obsctl::health {

// As wrap(), but commands in backticks stay in one piece, because they have to be copied, and
// nothing in it moves the cursor.
[[nodiscard]] std::string wrapped(const std::string& text, std::size_t width, std::size_t indent);

}  // namespace obsctl::health
