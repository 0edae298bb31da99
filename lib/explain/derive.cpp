// SPDX-License-Identifier: Apache-2.0
// The functions that rows of signatures name.
#include "lib/explain/derive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <map>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"

namespace obsctl::health {
namespace {

using Text = std::optional<std::string>;
using Arguments = std::vector<std::string>;

constexpr auto k_yes = "yes";

bool all_of(std::string_view text, int (*is)(int)) {
  return !text.empty() &&
         std::ranges::all_of(text, [is](char c) { return is(static_cast<unsigned char>(c)) != 0; });
}

Text ascii(const Arguments& in) {
  const auto number = parse_number(in[0]);
  if (!number || *number < 0x20202020 || *number > 0x7e7e7e7e || std::floor(*number) != *number) {
    return std::nullopt;
  }
  const auto value = static_cast<std::uint32_t>(*number);
  std::string out;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    out += static_cast<char>((value >> shift) & 0xffU);
  }
  // Any large number may be four printable bytes; words and tags are meant.
  const auto letters = std::ranges::count_if(
      out, [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; });
  return all_of(out, std::isprint) && letters >= 3 ? Text(out) : std::nullopt;
}

Text bytes(const Arguments& in) {
  const auto number = parse_number(in[0]);
  if (!number) {
    return std::nullopt;
  }
  constexpr double k_kib = 1024;
  for (const auto& [unit, factor] : {std::pair{"GiB", k_kib * k_kib * k_kib},
                                     std::pair{"MiB", k_kib * k_kib}, std::pair{"KiB", k_kib}}) {
    if (*number >= factor && std::fmod(*number, factor) == 0) {
      return fmt::format("{} {}", *number / factor, unit);
    }
  }
  return human_bytes({*number});
}

Text count(const Arguments& in) {
  if (!all_of(in[0], std::isdigit)) {
    return std::nullopt;
  }
  std::string out = in[0];
  for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3) {
    out.insert(static_cast<std::size_t>(at), ",");
  }
  return out;
}

// "1m2.5s", as Go prints it.
Text duration(const Arguments& in) {
  static const std::map<std::string, double> k_units = {
      {"ns", 1e-9}, {"µs", 1e-6}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
  double seconds = 0;
  for (std::string_view rest = in[0]; !rest.empty();) {
    const auto digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const auto end = std::min(rest.find_first_of("0123456789.", digits), rest.size());
    const auto number = parse_number(rest.substr(0, digits));
    const auto unit = k_units.find(std::string(rest.substr(digits, end - digits)));
    if (!number || unit == k_units.end()) {
      return std::nullopt;
    }
    seconds += *number * unit->second;
    rest.remove_prefix(end);
  }
  return human_duration({seconds});
}

// Unix seconds of a time as loggers write it, in UTC or with an offset, or as a number of ns, ms or s.
std::optional<double> time_of(const std::string& text) {
  if (all_of(text, std::isdigit)) {
    const double number = parse_number(text).value_or(0);
    return number > 1e17 ? number / 1e9 : number > 1e11 ? number / 1e3 : number;
  }
  std::tm parts{};
  std::string form = text;
  std::ranges::replace(form, 'T', ' ');
  const char* rest = ::strptime(form.c_str(), "%Y-%m-%d %H:%M:%S", &parts);
  if (rest == nullptr) {
    return std::nullopt;
  }
  auto out = static_cast<double>(::timegm(&parts));
  std::string_view left(rest);
  if (left.starts_with('.')) {
    const auto digits = std::min(left.find_first_not_of("0123456789", 1), left.size());
    out += parse_number("0" + std::string(left.substr(0, digits))).value_or(0);
    left.remove_prefix(digits);
  }
  left = trim(left);
  if (left.starts_with('+') || left.starts_with('-')) {
    constexpr std::size_t k_hours = 2;
    const std::string digits = replace_all(std::string(left.substr(1, 5)), ":", "");
    const auto hours = parse_number(digits.substr(0, k_hours));
    const auto minutes = parse_number(digits.size() > k_hours ? digits.substr(k_hours, 2) : "0");
    if (!hours || !minutes) {
      return std::nullopt;
    }
    out -= (left.front() == '+' ? 1 : -1) * (*hours * 3600 + *minutes * 60);
  }
  return out;
}

Text between(const Arguments& in) {
  const auto from = time_of(in[0]);
  const auto until = time_of(in[1]);
  if (!from || !until || *until <= *from) {
    return std::nullopt;
  }
  // Seconds beside hours say nothing.
  const double seconds = *until - *from;
  const double step = seconds >= 3600 ? 60 : 1;
  return human_duration({std::round(seconds / step) * step});
}

template <class Holds>
Text when_numbers(const Arguments& in, const Holds& holds) {
  const auto a = parse_number(in[0]);
  const auto b = parse_number(in[1]);
  return a && b && holds(*a, *b) ? Text(k_yes) : std::nullopt;
}

Text successor(const Arguments& in) {
  return when_numbers(in, [](double a, double b) { return a == b + 1; });
}
Text below(const Arguments& in) {
  return when_numbers(in, [](double a, double b) { return a < b; });
}
Text above(const Arguments& in) {
  return when_numbers(in, [](double a, double b) { return a > b; });
}
Text is(const Arguments& in) {
  return lower(in[0]) == lower(in[1]) ? Text(k_yes) : std::nullopt;
}

// What kind of id a label's value is, and what that does; empty: no id.
std::string_view id_kind(std::string_view value) {
  constexpr std::size_t k_uuid = 36;
  constexpr std::size_t k_ulid = 26;
  constexpr std::size_t k_trace = 32;
  constexpr std::size_t k_span = 16;
  constexpr std::size_t k_unix = 10;
  const auto digits = [&value](int (*is_one)(int)) { return all_of(value, is_one); };
  if (value.size() == k_uuid && std::ranges::count(value, '-') == 4 && value[8] == '-') {
    return value[14] == '7'   ? "UUIDv7, one stream per line"
           : value[14] == '4' ? "UUIDv4, one stream per line"
                              : "UUID, one stream per line";
  }
  if (value.size() == k_ulid && digits(std::isalnum) && value.front() <= '7') {
    return "ULID, grows with each new one";
  }
  if (value.size() == k_trace && digits(std::isxdigit)) {
    return "trace id, one stream per trace";
  }
  if (value.size() == k_span && digits(std::isxdigit)) {
    return "span id, one stream per span";
  }
  if (value.size() >= k_unix && digits(std::isdigit)) {
    return "long number, grows with each new one";
  }
  return {};
}

// Those that make a stream per line come first.
Text ids(const Arguments& in) {
  std::vector<std::string> out;
  std::size_t worst = 0;
  std::string_view rest = in[0];
  rest.remove_prefix(rest.starts_with('{') ? 1 : 0);
  while (true) {
    const auto equals = rest.find('=');
    const auto open = rest.find('"', equals == std::string_view::npos ? rest.size() : equals);
    const auto close = rest.find('"', open == std::string_view::npos ? rest.size() : open + 1);
    if (close == std::string_view::npos) {
      break;
    }
    const std::string_view value = rest.substr(open + 1, close - open - 1);
    if (const std::string_view kind = id_kind(value); !kind.empty()) {
      std::string text = fmt::format("{} ({})", trim(rest.substr(0, equals)), kind);
      const bool per_line = kind.find("one stream") != std::string_view::npos;
      out.insert(out.begin() + static_cast<std::ptrdiff_t>(per_line ? worst++ : out.size()),
                 std::move(text));
    }
    rest.remove_prefix(close + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(", "), rest.size()));
  }
  return out.empty() ? std::nullopt : Text(join(out, ", "));
}

struct Function {
  std::size_t arguments;
  Text (*apply)(const Arguments&);
};

const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> k_functions = {
      {"ascii", {1, ascii}},       {"bytes", {1, bytes}},     {"count", {1, count}},
      {"duration", {1, duration}}, {"between", {2, between}}, {"successor", {2, successor}},
      {"below", {2, below}},       {"above", {2, above}},     {"is", {2, is}},
      {"ids", {1, ids}},
  };
  return k_functions;
}

}  // namespace

std::optional<std::string> derive(const std::string& function,
                                  const std::vector<std::string>& arguments) {
  const auto found = functions().find(function);
  return found == functions().end() || found->second.arguments != arguments.size()
             ? std::nullopt
             : found->second.apply(arguments);
}

bool is_derivation(const std::string& function, std::size_t arguments) {
  const auto found = functions().find(function);
  return found != functions().end() && found->second.arguments == arguments;
}

}  // namespace obsctl::health
