// Collects what is wrong with the keys and values of a file.
#include "lib/catalog/strict_reader.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/catalog/row.hpp"

namespace obsctl::catalog {

void StrictReader::known(const yaml::Node& row, const std::vector<std::string>& keys) {
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
  each_item(row, key, [&](const yaml::Node& item) { out.push_back(item.scalar); });
  return out;
}

const yaml::Node* StrictReader::list_of(const yaml::Node& row, std::string_view key) {
  const yaml::Node* list = row.find(key);
  if (list != nullptr && !list->is_sequence()) {
    problems_.add(list->at, fmt::format("'{}' must be a list", key));
    return nullptr;
  }
  return list;
}

const yaml::Node* StrictReader::map_of(const yaml::Node& row, std::string_view key) {
  const yaml::Node* map = row.find(key);
  if (map != nullptr && !map->is_map()) {
    problems_.add(map->at, fmt::format("'{}' must be a map", key));
    return nullptr;
  }
  return map;
}

}  // namespace obsctl::catalog
