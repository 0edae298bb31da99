// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648), in which JSON carries bytes that are no text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace obsctl::archive {

[[nodiscard]] std::string base64(std::string_view bytes);
// Nothing when it is none, or not the one that base64() writes.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace obsctl::archive
