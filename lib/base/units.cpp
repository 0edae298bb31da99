// SPDX-License-Identifier: Apache-2.0
// Parsing and printing of quantities; see units.hpp for the accepted forms.
#include "lib/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "lib/base/text.hpp"

namespace obsctl {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array k_byte_units = {
    Unit{"B", 1},
    Unit{"KB", 1e3},
    Unit{"kB", 1e3},
    Unit{"MB", 1e6},
    Unit{"GB", 1e9},
    Unit{"TB", 1e12},
    Unit{"PB", 1e15},
    Unit{"KiB", 1024},
    Unit{"MiB", 1048576},
    Unit{"GiB", 1073741824.0},
    Unit{"TiB", 1099511627776.0},
};
constexpr std::array k_time_units = {
    Unit{"ms", 0.001},       Unit{"s", 1},         Unit{"m", 60},         Unit{"min", 60},
    Unit{"h", 3600},         Unit{"d", 86400},     Unit{"w", 604800},     Unit{"y", 31536000},
    Unit{"sec", 1},          Unit{"second", 1},    Unit{"seconds", 1},    Unit{"minute", 60},
    Unit{"minutes", 60},     Unit{"hour", 3600},   Unit{"hours", 3600},   Unit{"day", 86400},
    Unit{"days", 86400},     Unit{"week", 604800}, Unit{"weeks", 604800}, Unit{"year", 31536000},
    Unit{"years", 31536000},
};
// Weeks are read but not written: "14d" is what people and most configs say.
constexpr std::array k_written_time_units = {
    Unit{"ms", 0.001}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}, Unit{"d", 86400},
};
constexpr std::array k_per_units = {
    Unit{"s", 1},    Unit{"sec", 1},   Unit{"m", 60},      Unit{"min", 60},
    Unit{"h", 3600}, Unit{"d", 86400}, Unit{"day", 86400},
};
constexpr std::array k_count_units = {
    Unit{"", 1}, Unit{"k", 1e3}, Unit{"K", 1e3}, Unit{"M", 1e6}, Unit{"G", 1e9}, Unit{"B", 1e9},
};

struct Quantity {
  double number;
  std::string_view unit;
};

Failure bad(std::string_view what, std::string_view text, std::string_view expected) {
  return fail(Code::usage, fmt::format("'{}' is not a valid value for '{}'", text, what),
              fmt::format("write {}", expected));
}

// Splits "2.5 GiB" into 2.5 and "GiB"; false for anything that does not start with a number >= 0.
bool split_quantity(std::string_view text, Quantity& out) {
  text = trim(text);
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out.number);
  if (error != std::errc() || !std::isfinite(out.number) || std::signbit(out.number)) {
    return false;
  }
  out.unit = trim(std::string_view(rest, static_cast<std::size_t>(end - rest)));
  return true;
}

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (const auto& unit : units) {
    if (unit.name == name) {
      return &unit;
    }
  }
  return nullptr;
}

// The unit of that name in other letters, unless two would be ("M" of a minute is none).
template <std::size_t N>
const Unit* find_unit_in_any_case(const std::array<Unit, N>& units, std::string_view name) {
  const Unit* exact = find_unit(units, name);
  if (exact != nullptr || name.size() < 2) {
    return exact;
  }
  const auto found = std::ranges::find_if(
      units, [&name](const Unit& unit) { return lower(unit.name) == lower(name); });
  return found == units.end() ? nullptr : &*found;
}

template <std::size_t N>
Result<double> parse_with(const std::array<Unit, N>& units, std::string_view text,
                          std::string_view what, std::string_view expected) {
  Quantity quantity{};
  if (!split_quantity(text, quantity)) {
    return bad(what, text, expected);
  }
  if (quantity.unit.empty() && quantity.number == 0) {
    return 0.0;
  }
  if (const Unit* unit = find_unit_in_any_case(units, quantity.unit)) {
    return quantity.number * unit->factor;
  }
  if (quantity.unit.empty()) {
    return fail(Code::usage, fmt::format("'{}' needs a unit for '{}'", text, what),
                fmt::format("write {}", expected));
  }
  return bad(what, text, expected);
}

// "1d12h": the sum of its parts, each a whole number and its unit; nothing for anything else.
std::optional<double> sum_of_parts(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789";
  double sum = 0;
  if (text.empty()) {
    return std::nullopt;
  }
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of(k_digits), text.size());
    const auto end = std::min(text.find_first_of(k_digits, digits), text.size());
    const Unit* unit = find_unit_in_any_case(k_time_units, text.substr(digits, end - digits));
    Quantity part{};
    if (digits == 0 || unit == nullptr || !split_quantity(text.substr(0, end), part)) {
      return std::nullopt;
    }
    sum += part.number * unit->factor;
    text.remove_prefix(end);
  }
  return sum;
}

// Prints `value` exactly in the largest unit that keeps it a short number.
template <std::size_t N>
std::string print_with(const std::array<Unit, N>& units, double value) {
  const Unit* best = nullptr;
  std::string best_text;
  for (const auto& unit : units) {
    const std::string text = fmt::format("{}", value / unit.factor);
    double back = 0;
    std::from_chars(text.data(), text.data() + text.size(), back);
    const bool exact = back * unit.factor == value;
    const bool plain = text.find('e') == std::string::npos;
    if (exact && plain && (best == nullptr || text.size() < best_text.size())) {
      best = &unit;
      best_text = text;
    }
  }
  return best == nullptr ? fmt::format("{}{}", value, units[0].name)
                         : fmt::format("{}{}", best_text, best->name);
}

std::string significant(double value) {
  const double magnitude = std::fabs(value);
  if (magnitude >= 100 || value == 0) {
    return fmt::format("{:.0f}", value);
  }
  std::string text = magnitude >= 10  ? fmt::format("{:.1f}", value)
                     : magnitude >= 1 ? fmt::format("{:.2f}", value)
                                      : fmt::format("{:.3g}", value);
  if (text.find('.') != std::string::npos && text.find('e') == std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') {
      text.pop_back();
    }
  }
  return text;
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text, std::string_view what) {
  OBS_TRY_ASSIGN(const double value, parse_with(k_byte_units, text, what,
                                                "a size with a unit, such as 500B, 10GB or 2GiB"));
  return Bytes{value};
}

Result<Duration> parse_duration(std::string_view text, std::string_view what) {
  constexpr std::string_view k_expected =
      "a duration with a unit (ms, s, m, h, d, w or y), such as 500ms, 15s, 12h, 14d or 1d12h";
  const std::string_view trimmed = trim(text);
  if (const auto sum = sum_of_parts(trimmed)) {
    return Duration{*sum};
  }
  for (const std::string_view month : {"mo", "month", "months"}) {
    if (trimmed.ends_with(month)) {
      return bad(what, text, "days, such as 30d: months differ in length");
    }
  }
  OBS_TRY_ASSIGN(const double value, parse_with(k_time_units, text, what, k_expected));
  return Duration{value};
}

Result<Rate> parse_rate(std::string_view text, std::string_view what) {
  constexpr std::string_view k_expected = "a rate such as 5000/s, 50k/s or 3000/min";
  const std::string_view trimmed = trim(text);
  const auto slash = trimmed.find('/');
  if (slash == std::string_view::npos) {
    if (trimmed == "0") {
      return Rate{0};
    }
    Quantity quantity{};
    if (split_quantity(trimmed, quantity) && find_unit(k_count_units, quantity.unit) != nullptr) {
      return fail(Code::usage, fmt::format("'{}' needs a unit for '{}'", text, what),
                  fmt::format("write {}", k_expected));
    }
    return bad(what, text, k_expected);
  }
  const Unit* per = find_unit(k_per_units, trim(trimmed.substr(slash + 1)));
  Quantity quantity{};
  if (per == nullptr || !split_quantity(trimmed.substr(0, slash), quantity)) {
    return bad(what, text, k_expected);
  }
  const Unit* scale = find_unit(k_count_units, quantity.unit);
  if (scale == nullptr) {
    return bad(what, text, k_expected);
  }
  return Rate{quantity.number * scale->factor / per->factor};
}

Result<Share> parse_share(std::string_view text, std::string_view what) {
  constexpr std::string_view k_expected = "a share such as 10% or 0.1";
  Quantity quantity{};
  if (!split_quantity(text, quantity)) {
    return bad(what, text, k_expected);
  }
  if (quantity.unit == "%") {
    quantity.number /= 100.0;
  } else if (!quantity.unit.empty()) {
    return bad(what, text, k_expected);
  }
  if (quantity.number > 1.0) {
    return fail(Code::usage, fmt::format("'{}' exceeds 100 % for '{}'", text, what),
                fmt::format("write {}", k_expected));
  }
  return Share{quantity.number};
}

Result<double> parse_count(std::string_view text, std::string_view what) {
  constexpr std::string_view k_expected = "a number such as 42, 500k or 1.2M";
  Quantity quantity{};
  if (!split_quantity(text, quantity)) {
    return bad(what, text, k_expected);
  }
  const Unit* unit = find_unit(k_count_units, quantity.unit);
  if (unit == nullptr) {
    return bad(what, text, k_expected);
  }
  return quantity.number * unit->factor;
}

Result<std::int64_t> parse_integer(std::string_view text, std::string_view what, std::int64_t min,
                                   std::int64_t max) {
  const std::string_view trimmed = trim(text);
  std::int64_t value = 0;
  const char* end = trimmed.data() + trimmed.size();
  const auto [rest, error] = std::from_chars(trimmed.data(), end, value);
  if (error != std::errc() || rest != end || value < min || value > max) {
    return bad(what, text, fmt::format("a whole number from {} to {}", min, max));
  }
  return value;
}

Result<bool> parse_bool(std::string_view text, std::string_view what) {
  const std::string value = lower(trim(text));
  if (value == "true") {
    return true;
  }
  if (value == "false") {
    return false;
  }
  return bad(what, text, "true or false");
}

std::string print_bytes(Bytes bytes) {
  return print_with(k_byte_units, bytes.value);
}

std::string print_duration(Duration duration) {
  return print_with(k_written_time_units, duration.seconds);
}

std::string config_duration(Duration duration) {
  const auto milliseconds = static_cast<std::int64_t>(std::llround(duration.seconds * 1000));
  constexpr std::pair<std::int64_t, std::string_view> k_units[] = {
      {86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
  for (const auto& [factor, name] : k_units) {
    if (milliseconds != 0 && milliseconds % factor == 0) {
      return fmt::format("{}{}", milliseconds / factor, name);
    }
  }
  return fmt::format("{}ms", milliseconds);
}

std::string print_rate(Rate rate) {
  return print_count(rate.per_second) + "/s";
}

std::string print_share(Share share) {
  const std::string percent = fmt::format("{}%", share.value * 100.0);
  const auto back = parse_share(percent, "");
  return back && back->value == share.value ? percent : fmt::format("{}", share.value);
}

std::string print_count(double count) {
  return print_with(k_count_units, count);
}

std::string human_number(double value) {
  return significant(value);
}

std::string human_bytes(Bytes bytes) {
  constexpr std::array k_steps = {Unit{"PB", 1e15}, Unit{"TB", 1e12}, Unit{"GB", 1e9},
                                  Unit{"MB", 1e6}, Unit{"KB", 1e3}};
  for (const auto& step : k_steps) {
    if (bytes.value >= step.factor * 0.9995) {
      return significant(bytes.value / step.factor) + " " + std::string(step.name);
    }
  }
  return significant(bytes.value) + " B";
}

std::string human_duration(Duration duration) {
  constexpr std::array k_steps = {Unit{"d", 86400}, Unit{"h", 3600}, Unit{"min", 60}, Unit{"s", 1}};
  for (const auto& step : k_steps) {
    if (duration.seconds >= step.factor) {
      return significant(duration.seconds / step.factor) + " " + std::string(step.name);
    }
  }
  return significant(duration.seconds * 1000) + " ms";
}

std::string human_count(double count) {
  constexpr std::array k_steps = {Unit{"G", 1e9}, Unit{"M", 1e6}, Unit{"k", 1e3}};
  for (const auto& step : k_steps) {
    if (count >= step.factor * 0.9995) {
      return significant(count / step.factor) + std::string(step.name);
    }
  }
  return significant(count);
}

std::string human_rate(Rate rate) {
  return human_count(rate.per_second) + "/s";
}

}  // namespace obsctl
