// SPDX-License-Identifier: Apache-2.0
// Tells UTF-8 from other bytes, because JSON and YAML can hold nothing else.
#pragma once

#include <string_view>

namespace obsctl {

// Bytes of the character that the text starts with; 0 when it starts with none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

// One line that every parser of YAML, JSON and templates takes as text: UTF-8 without control
// characters (also U+0080 to U+009F), line separators (U+2028, U+2029) and noncharacters.
[[nodiscard]] bool is_text(std::string_view text);

}  // namespace obsctl
