// SPDX-License-Identifier: Apache-2.0
// Keys, ids, numbers and bytes of OTLP/JSON.
#include "lib/otlp/json_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "lib/base/text.hpp"
#include "lib/otlp/deviation.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::otlp {
namespace {

bool is_snake_case_of(std::string_view key, std::string_view name) {
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !key.starts_with('_')) {
      return false;
    }
    key.remove_prefix(upper ? 1 : 0);
    if (!key.starts_with(upper ? static_cast<char>(c | 0x20) : c)) {
      return false;
    }
    key.remove_prefix(1);
  }
  return key.empty();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool is_hex(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return hex_digit(c) >= 0; });
}

bool is_uuid(std::string_view text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
         text[23] == '-' && is_hex(replace_all(std::string(text), "-", ""));
}

}  // namespace

const schema::Field* field_of_key(const schema::Message& message, std::string_view key) {
  const auto known = std::ranges::find(message.fields, key, &schema::Field::name);
  if (known != message.fields.end()) {
    return &*known;
  }
  const auto similar = std::ranges::find_if(message.fields, [&](const schema::Field& field) {
    return is_snake_case_of(key, field.name);
  });
  return similar != message.fields.end() ? &*similar : nullptr;
}

std::string about_unknown_key(const schema::Message& message, std::string_view key) {
  const std::string letters = lower(replace_all(std::string(key.substr(0, 64)), "_", ""));
  for (const schema::Field& field : message.fields) {
    if (letters == lower(field.name)) {
      return fmt::format("unknown, nothing of it is read; OTLP/JSON writes {}", field.name);
    }
    if (letters.starts_with("instrumentationlibrary") && field.name.starts_with("scope")) {
      return fmt::format("a name of old versions of OTLP, nothing of it is read; it is {} now",
                         field.name);
    }
  }
  for (const Signal signal : {Signal::traces, Signal::metrics, Signal::logs}) {
    if (key == schema::request(signal).fields[0].name) {
      return fmt::format("a request of {0}, nothing of it is read; its path is /v1/{0}",
                         signal_name(signal));
    }
  }
  return key.ends_with("Strindex") ? "a key of profiles, nothing of it is read"
                                   : "not a key of OTLP/JSON, nothing of it is read";
}

std::optional<std::string> parse_id(std::string_view text, std::size_t size) {
  if (text.size() != 2 * size || !is_hex(text)) {
    return std::nullopt;
  }
  std::string id(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    id[i] = static_cast<char>(hex_digit(text[2 * i]) * 16 + hex_digit(text[2 * i + 1]));
  }
  return id;
}

std::string about_id(std::string_view text, std::size_t size) {
  const std::string wanted = fmt::format("OTLP/JSON wants {} hex digits", 2 * size);
  if (is_hex(text)) {
    return fmt::format("{} hex digits, '{}'; {}", text.size(), shown(text), wanted);
  }
  if (is_uuid(text)) {
    return fmt::format("a UUID, '{}'; {} without dashes", text, wanted);
  }
  const auto raw = text.size() <= 100 ? base64_decode(text) : std::nullopt;
  if (raw && (raw->size() == size || text.ends_with('='))) {
    return fmt::format("base64, {} bytes, '{}'; {}", raw->size(), shown(text), wanted);
  }
  return fmt::format("not hex, '{}'; {}", shown(text), wanted);
}

std::optional<std::string> parse_bytes(std::string_view text) {
  const std::size_t padding = text.size() - (text.find_last_not_of('=') + 1);
  const bool url = text.find_first_of("-_") != std::string_view::npos;
  return text.size() % 4 != 0 || padding > 2 || url ? std::nullopt : base64_decode(text);
}

std::optional<double> parse_real(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) {
    text.remove_prefix(1);
  }
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ptr != end || parsed.ec == std::errc::invalid_argument) {
    return std::nullopt;
  }
  if (parsed.ec == std::errc::result_out_of_range) {
    const bool huge = std::isinf(std::strtod(std::string(text).c_str(), nullptr));
    return huge ? std::nullopt : std::optional(0.0);
  }
  return value;
}

std::string about_whole(std::string_view text, bool is_signed, std::size_t bits) {
  const auto number = parse_real(text);
  if (!number) {
    return fmt::format("'{}' is no whole number", shown(text));
  }
  if (text.find_first_not_of("+-0123456789") != std::string_view::npos) {
    return fmt::format("{} is not written as a whole number", shown(text));
  }
  if (!is_signed && *number <= 0) {
    return fmt::format("{} is negative", shown(text));
  }
  return fmt::format("{} does not fit into {} bits", shown(text), bits);
}

}  // namespace obsctl::otlp
