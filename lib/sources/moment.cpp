// SPDX-License-Identifier: Apache-2.0
// Takes the fraction and the offset of a time apart from what lib/base reads.
#include "lib/sources/moment.hpp"

#include <cctype>
#include <string>

#include "lib/base/text.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_seconds = std::string_view("2026-11-26T12:00:00").size();

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// "Z", or "+01:00".
std::optional<std::chrono::minutes> offset_of(std::string_view text) {
  if (text == "Z") {
    return std::chrono::minutes(0);
  }
  const bool shaped = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
                      is_digit(text[1]) && is_digit(text[2]) && is_digit(text[4]) &&
                      is_digit(text[5]);
  if (!shaped) {
    return std::nullopt;
  }
  const int hours = (text[1] - '0') * 10 + (text[2] - '0');
  const int minutes = hours * 60 + (text[4] - '0') * 10 + (text[5] - '0');
  return std::chrono::minutes(text[0] == '-' ? -minutes : minutes);
}

}  // namespace

std::optional<Time> parse_moment(std::string_view text) {
  if (text.size() <= k_seconds || text.starts_with("0001-")) {
    return std::nullopt;
  }
  const auto whole = parse_time(std::string(text.substr(0, k_seconds)) + "Z");
  std::string_view rest = text.substr(k_seconds);
  double fraction = 0;
  if (rest.starts_with('.')) {
    std::size_t end = 1;
    while (end < rest.size() && is_digit(rest[end])) {
      ++end;
    }
    fraction = parse_number("0" + std::string(rest.substr(0, end))).value_or(0);
    rest.remove_prefix(end);
  }
  const auto offset = offset_of(rest);
  if (!whole || !offset) {
    return std::nullopt;
  }
  return *whole - *offset + std::chrono::milliseconds(static_cast<int>(fraction * 1000));
}

}  // namespace obsctl::health
