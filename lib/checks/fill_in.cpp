// SPDX-License-Identifier: Apache-2.0
// Fills numbers into the texts of checks, in the units in which people read them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "lib/base/units.hpp"
#include "lib/checks/judge.hpp"

namespace obsctl::health {
namespace {

std::string formatted(double value, std::string_view format) {
  if (format == "%") {
    return fmt::format("{:.3g} %", value * 100);
  }
  if (format == "s") {
    return human_duration({value});
  }
  if (format == "B") {
    return human_bytes({value});
  }
  if (format == "/s") {
    return std::abs(value) < 1000 ? fmt::format("{:.3g}/s", value) : human_rate({value});
  }
  return human_number(value);
}

std::optional<std::string> value_of(std::string_view tag, const Labels& labels,
                                    const std::map<std::string, double>& values) {
  const auto colon = tag.find(':');
  const std::string name(tag.substr(0, colon));
  if (const auto value = values.find(name); value != values.end()) {
    return formatted(value->second, colon == std::string_view::npos ? "" : tag.substr(colon + 1));
  }
  const auto label = labels.find(name);
  return label == labels.end() ? std::nullopt : std::optional(label->second);
}

// {name} or {name:format}; other braces belong to a command or a query.
bool is_tag(std::string_view inside) {
  const auto name = inside.substr(0, inside.find(':'));
  return !name.empty() && inside.size() < 40 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

struct Filled {
  std::string text;
  std::size_t names = 0;    // in braces
  std::size_t missing = 0;  // of them
};

Filled filled(std::string_view text, const Labels& labels,
              const std::map<std::string, double>& values) {
  Filled out;
  while (!text.empty()) {
    const auto open = text.find('{');
    const auto close = text.find('}', open == std::string_view::npos ? text.size() : open);
    if (open == std::string_view::npos || close == std::string_view::npos) {
      break;
    }
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    out.text += text.substr(0, open);
    if (is_tag(inside)) {
      const auto value = value_of(inside, labels, values);
      out.text += value.value_or("?");
      out.names += 1;
      out.missing += value ? 0 : 1;
      text.remove_prefix(close + 1);
    } else {
      out.text += '{';
      text.remove_prefix(open + 1);
    }
  }
  out.text.append(text);
  return out;
}

}  // namespace

// Brackets without a name belong to a command or a query, as other braces do.
std::string fill_in(std::string_view text, const Labels& labels,
                    const std::map<std::string, double>& values) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('[');
    const auto close = text.find(']', open == std::string_view::npos ? text.size() : open);
    if (close == std::string_view::npos) {
      break;
    }
    out += filled(text.substr(0, open), labels, values).text;
    const std::string_view part = text.substr(open + 1, close - open - 1);
    if (const Filled inside = filled(part, labels, values); inside.names == 0) {
      out += text.substr(open, close - open + 1);
    } else if (inside.missing == 0) {
      out += inside.text;
    }
    text.remove_prefix(close + 1);
  }
  return out + filled(text, labels, values).text;
}

}  // namespace obsctl::health
