// SPDX-License-Identifier: Apache-2.0
// Single values of OTLP/JSON: what a text means, and what is wrong with one that means nothing.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "lib/otlp/schema.hpp"

namespace obsctl::otlp {

// The field that a key means; a key in snake_case means one too.
[[nodiscard]] const schema::Field* field_of_key(const schema::Message& message,
                                                std::string_view key);
// Why a key means none: "not a key of OTLP/JSON", "a name of old versions of OTLP, scopeSpans now".
[[nodiscard]] std::string about_unknown_key(const schema::Message& message, std::string_view key);

// `size` bytes from hex digits.
[[nodiscard]] std::optional<std::string> parse_id(std::string_view text, std::size_t size);
// What it is instead: "base64, 16 bytes; OTLP/JSON wants 32 hex digits".
[[nodiscard]] std::string about_id(std::string_view text, std::size_t size);

// Base64 of the standard alphabet with padding, which is all that receivers take.
[[nodiscard]] std::optional<std::string> parse_bytes(std::string_view text);

// Infinite and NaN in any spelling; nothing when the text is no number or out of range.
[[nodiscard]] std::optional<double> parse_real(std::string_view text);

// The whole text in decimal digits.
template <class Whole>
[[nodiscard]] std::optional<Whole> parse_whole(std::string_view text) {
  if (std::is_signed_v<Whole> && text.starts_with('+') && !text.starts_with("+-")) {
    text.remove_prefix(1);
  }
  Whole value = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ec == std::errc{} && parsed.ptr == end ? std::optional(value) : std::nullopt;
}
// What it is instead: "-1 is negative", "'abc' is no number".
[[nodiscard]] std::string about_whole(std::string_view text, bool is_signed, std::size_t bits);

}  // namespace obsctl::otlp
