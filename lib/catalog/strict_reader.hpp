// SPDX-License-Identifier: Apache-2.0
// What the readers of a component's files share: every mistake of a file is kept, so that a person
// mends them in one go.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/problems.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::catalog {

class StrictReader {
 protected:
  // A mistake unless this is a map, and for every key of it that is not in `keys`.
  void known(const yaml::Node& row, const std::vector<std::string>& keys);

  // A mistake about `word`, such as "unknown amount 'span'", with the nearest of `names` or all of
  // them as its hint.
  void unknown(const SourcePos& at, std::string message, std::string_view word,
               const std::vector<std::string>& names, std::string_view what);

  // What `word` stands for in a table of `what`s; an unknown one is a mistake and nothing.
  template <class T>
  [[nodiscard]] std::optional<T> choice(const SourcePos& at, const std::string& what,
                                        const std::string& word,
                                        const std::map<std::string, T>& table) {
    const auto found = table.find(word);
    if (found != table.end()) {
      return found->second;
    }
    std::vector<std::string> names;
    for (const auto& [name, value] : table) {
      names.push_back(name);
    }
    unknown(at, "unknown " + what + " '" + word + "'", word, names, what + "s");
    return std::nullopt;
  }

  // The value of a key; a missing one is a mistake and empty.
  [[nodiscard]] std::string required(const yaml::Node& row, std::string_view key);
  [[nodiscard]] std::string optional(const yaml::Node& row, std::string_view key,
                                     std::string_view fallback = "");
  // The text of a value that stands below `key`; a list or map is a mistake and empty.
  [[nodiscard]] std::string single(const yaml::Node& value, std::string_view key);
  [[nodiscard]] bool flag(const yaml::Node& row, std::string_view key, bool fallback);
  [[nodiscard]] std::vector<std::string> texts(const yaml::Node& row, std::string_view key);

  template <class Visit>
  void each_item(const yaml::Node& row, std::string_view key, const Visit& visit) {
    if (const yaml::Node* list = part(row, key, yaml::Node::Kind::sequence, "a list")) {
      std::ranges::for_each(list->items, visit);
    }
  }
  template <class Visit>
  void each_entry(const yaml::Node& row, std::string_view key, const Visit& visit) {
    if (const yaml::Node* map = part(row, key, yaml::Node::Kind::map, "a map")) {
      std::ranges::for_each(map->entries, visit);
    }
  }

  // The optional part below a key; one of another kind is a mistake and null.
  [[nodiscard]] const yaml::Node* part(const yaml::Node& row, std::string_view key,
                                       yaml::Node::Kind kind, std::string_view what);

  Problems problems_;
};

}  // namespace obsctl::catalog
