// SPDX-License-Identifier: Apache-2.0
// Tells UTF-8 from other bytes, because JSON and YAML can hold nothing else.
#pragma once

#include <string_view>

namespace obsctl {

// Bytes of the character that the text starts with; 0 when it starts with none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace obsctl
