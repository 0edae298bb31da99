// SPDX-License-Identifier: Apache-2.0
// Collects what is wrong with the keys and values of a file.
#include "lib/catalog/strict_reader.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/yaml/typed.hpp"

namespace obsctl::catalog {

void StrictReader::known(const yaml::Node& row, const std::vector<std::string>& keys) {
  if (!row.is_map()) {
    problems_.add(row.at, "this must be a map", "keys: " + join(keys, ", "));
  }
  for (const auto& entry : row.entries) {
    if (std::ranges::find(keys, entry.key) == keys.end()) {
      unknown(entry.at, fmt::format("unknown key '{}'", entry.key), entry.key, keys, "known keys");
    }
  }
}

void StrictReader::unknown(const SourcePos& at, std::string message, std::string_view word,
                           const std::vector<std::string>& names, std::string_view what) {
  const std::string hint = did_you_mean(word, names);
  problems_.add(at, std::move(message),
                hint.empty() ? fmt::format("{}: {}", what, join(names, ", ")) : hint);
}

std::string StrictReader::required(const yaml::Node& row, std::string_view key) {
  std::string out;
  problems_.take(out, row.text(key));
  return out;
}

bool StrictReader::flag(const yaml::Node& row, std::string_view key, bool fallback) {
  bool out = fallback;
  problems_.check(read_quantity(row, key, out, parse_bool, false));
  return out;
}

std::vector<std::string> StrictReader::texts(const yaml::Node& row, std::string_view key) {
  std::vector<std::string> out;
  each_item(row, key, [&](const yaml::Node& item) { out.push_back(single(item, key)); });
  return out;
}

std::string StrictReader::optional(const yaml::Node& row, std::string_view key,
                                   std::string_view fallback) {
  const yaml::Node* value = row.find(key);
  return value == nullptr ? std::string(fallback) : single(*value, key);
}

std::string StrictReader::single(const yaml::Node& value, std::string_view key) {
  if (value.is_map() || value.is_sequence()) {
    problems_.add(value.at, fmt::format("'{}' takes single values here", key),
                  "quote a text with ': ' in it");
  }
  return value.scalar;
}

const yaml::Node* StrictReader::part(const yaml::Node& row, std::string_view key,
                                     yaml::Node::Kind kind, std::string_view what) {
  const yaml::Node* found = row.find(key);
  if (found != nullptr && found->kind != kind) {
    problems_.add(found->at, fmt::format("'{}' must be {}", key, what));
    return nullptr;
  }
  return found;
}

}  // namespace obsctl::catalog
