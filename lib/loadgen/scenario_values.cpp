// SPDX-License-Identifier: Apache-2.0
// Reads the values of a scenario file; one that cannot be meant is an error and never changed.
#include "lib/loadgen/scenario_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "lib/base/text.hpp"
#include "lib/yaml/typed.hpp"

namespace obsctl::loadgen {
namespace {

using yaml::Node;

constexpr double k_max_size = 1e6;  // bytes
constexpr std::uint64_t k_max_cardinality = 1'000'000'000'000;
constexpr double k_shortest_churn = 1e-3;  // seconds

std::optional<bool> boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") {
    return true;
  }
  if (text == "false" || text == "False" || text == "FALSE") {
    return false;
  }
  return std::nullopt;
}

// Digits with a sign, 0o17 or 0x1f.
bool looks_like_integer(std::string_view text) {
  if (text.starts_with("0o") || text.starts_with("0x")) {
    const char* digits = text[1] == 'o' ? "01234567" : "0123456789abcdefABCDEF";
    return text.size() > 2 && text.find_first_not_of(digits, 2) == std::string_view::npos;
  }
  text.remove_prefix(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<otlp::AnyValue> integer(const Node& node) {
  std::string_view digits = node.scalar;
  const int base = digits.starts_with("0o") ? 8 : digits.starts_with("0x") ? 16 : 10;
  digits.remove_prefix(base != 10 ? 2 : digits.starts_with('+') ? 1 : 0);
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc()) {
    return fail_at(node.at, fmt::format("'{}' does not fit into 64 bits", node.scalar),
                   "write it in quotes to send it as text");
  }
  return otlp::AnyValue(value);
}

// "1.5", ".5", "1e3", ".inf", ".nan", with a sign.
std::optional<double> real(std::string_view text) {
  constexpr double k_infinity = std::numeric_limits<double>::infinity();
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text == ".inf" || text == ".Inf" || text == ".INF") {
    return negative ? -k_infinity : k_infinity;
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (text.starts_with('-') ||
      text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

Result<otlp::AnyValue> scalar(const Node& node) {
  if (node.quoted) {
    return otlp::AnyValue(node.scalar);
  }
  if (const auto flag = boolean(node.scalar)) {
    return otlp::AnyValue(*flag);
  }
  if (looks_like_integer(node.scalar)) {
    return integer(node);
  }
  if (const auto number = real(node.scalar)) {
    return otlp::AnyValue(*number);
  }
  return otlp::AnyValue(node.scalar);
}

Result<void> read_spread(const Node& node, Attribute& out) {
  std::string spread = "uniform";
  OBS_TRY(read_choice(node, "spread", spread, {"uniform", "zipf", "churn"}));
  out.spread = spread == "zipf"    ? Attribute::Spread::zipf
               : spread == "churn" ? Attribute::Spread::churn
                                   : Attribute::Spread::uniform;
  OBS_TRY(read_count(node, "skew", out.skew));
  OBS_TRY(read_quantity<Duration>(node, "churn", out.churn, parse_duration, false));
  if (out.churn.seconds < k_shortest_churn) {
    return fail_at(node.find("churn")->at, "'churn' is shorter than 1ms");
  }
  for (const char* key : {"spread", "skew", "churn", "prefix"}) {
    if (const Node* setting = node.find(key); setting != nullptr && out.cardinality == 0) {
      return fail_at(setting->at, fmt::format("'{}' has no effect without cardinality", key));
    }
  }
  return {};
}

Result<Attribute> read_attribute(const Node& node) {
  OBS_TRY(node.only(
      {"key", "value", "values", "cardinality", "spread", "skew", "churn", "prefix", "size"}));
  Attribute out;
  OBS_TRY_ASSIGN(out.key, node.text("key"));
  const Node* value = node.find("value");
  if (value != nullptr) {
    OBS_TRY_ASSIGN(auto read, read_any(*value));
    out.values.push_back(std::move(read));
  }
  const Node* values = node.find("values");
  if (values != nullptr) {
    OBS_TRY_ASSIGN(auto list, read_list<otlp::AnyValue>(node, "values", read_any));
    std::ranges::move(list, std::back_inserter(out.values));
    if (values->items.empty()) {
      return fail_at(values->at, "'values' is empty");
    }
  }
  OBS_TRY(read_whole(node, "cardinality", 1, k_max_cardinality, out.cardinality));
  OBS_TRY(read_spread(node, out));
  out.prefix = node.text_or("prefix", "");
  OBS_TRY(read_size(node, "size", out.size));
  const int sources = (value == nullptr ? 0 : 1) + (values == nullptr ? 0 : 1) +
                      (out.cardinality == 0 ? 0 : 1) + (out.size == 0 ? 0 : 1);
  if (sources != 1) {
    return fail_at(node.at, fmt::format("attribute '{}' needs exactly one of value, values, "
                                        "cardinality and size",
                                        out.key));
  }
  return out;
}

}  // namespace

Result<Attribute> parse_attribute(std::string_view text, std::string_view what) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    return fail(Code::usage, fmt::format("'{}' of '{}' is not KEY=VALUE", text, what),
                "for example http.response.status_code=200");
  }
  std::string_view value = text.substr(equals + 1);
  Node node;
  if (value.size() >= 2 && value.front() == value.back() &&
      (value.front() == '"' || value.front() == '\'')) {
    node.quoted = true;
    value = value.substr(1, value.size() - 2);
  }
  node.scalar = value;
  auto read = scalar(node);
  if (!read) {
    return fail(Code::usage, fmt::format("{}: {}", what, read.error().message), read.error().hint);
  }
  return Attribute{.key = std::string(text.substr(0, equals)), .values = {std::move(*read)}};
}

Result<void> read_share(const Node& map, std::string_view key, double& into) {
  Share share{into};
  OBS_TRY(read_quantity<Share>(map, key, share, parse_share, false));
  into = share.value;
  return {};
}

Result<void> read_count(const Node& map, std::string_view key, double& into) {
  return read_quantity<double>(map, key, into, parse_count, false);
}

Result<void> read_whole(const Node& map, std::string_view key, std::uint64_t min, std::uint64_t max,
                        std::uint64_t& into) {
  auto number = static_cast<double>(into);
  OBS_TRY(read_count(map, key, number));
  const Node* node = map.find(key);
  if (node == nullptr) {
    return {};
  }
  if (number != std::floor(number) || number < static_cast<double>(min) ||
      number > static_cast<double>(max)) {
    return fail_at(node->at, fmt::format("'{}' of '{}' is not a whole number from {} to {}",
                                         node->scalar, key, min, max));
  }
  into = static_cast<std::uint64_t>(number);
  return {};
}

Result<void> read_size(const Node& map, std::string_view key, std::size_t& into) {
  Bytes bytes{static_cast<double>(into)};
  OBS_TRY(read_quantity<Bytes>(map, key, bytes, parse_bytes, false));
  const Node* node = map.find(key);
  if (node == nullptr) {
    return {};
  }
  if (bytes.value < 1 || bytes.value > k_max_size || bytes.value != std::floor(bytes.value)) {
    return fail_at(node->at, fmt::format("'{}' of '{}' is not a size from 1B to 1MB in whole bytes",
                                         node->scalar, key));
  }
  into = static_cast<std::size_t>(bytes.value);
  return {};
}

Result<void> read_choice(const Node& map, std::string_view key, std::string& into,
                         const std::vector<std::string>& choices) {
  const Node* node = map.find(key);
  if (node == nullptr) {
    return {};
  }
  if (std::ranges::find(choices, node->scalar) == choices.end()) {
    return fail_at(node->at, fmt::format("'{}' is not a value of '{}'", node->scalar, key),
                   fmt::format("one of {}", join(choices, ", ")));
  }
  into = node->scalar;
  return {};
}

Result<otlp::AnyValue> read_any(const Node& node) {
  switch (node.kind) {
    case Node::Kind::scalar: return scalar(node);
    case Node::Kind::sequence: {
      otlp::AnyValue::Array array;
      for (const Node& item : node.items) {
        OBS_TRY_ASSIGN(auto value, read_any(item));
        array.push_back(std::move(value));
      }
      return otlp::AnyValue(std::move(array));
    }
    case Node::Kind::map: {
      otlp::AnyValue::Map map;
      for (const yaml::Entry& entry : node.entries) {
        OBS_TRY_ASSIGN(auto value, read_any(entry.value));
        map.push_back({entry.key, std::move(value)});
      }
      return otlp::AnyValue(std::move(map));
    }
    case Node::Kind::null: break;
  }
  return fail_at(node.at, "a value is missing", "write '' for an empty text");
}

Result<std::vector<Attribute>> read_attributes(const Node& node, std::string_view key) {
  return read_list<Attribute>(node, key, read_attribute);
}

}  // namespace obsctl::loadgen
