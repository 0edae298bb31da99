// SPDX-License-Identifier: Apache-2.0
// Holds a parsed YAML document against the value that it was written from.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/yaml/read.hpp"

namespace obsctl::test {

// True when kinds, order and every scalar are the same.
inline bool same_yaml(const yaml::Node& node, const nlohmann::ordered_json& value) {
  using Kind = yaml::Node::Kind;
  if (value.is_object()) {
    return node.kind == Kind::map && node.entries.size() == value.size() &&
           std::equal(node.entries.begin(), node.entries.end(), value.items().begin(),
                      [](const yaml::Entry& entry, const auto& item) {
                        return entry.key == item.key() && same_yaml(entry.value, item.value());
                      });
  }
  if (value.is_array()) {
    return node.kind == Kind::sequence &&
           std::equal(node.items.begin(), node.items.end(), value.begin(), value.end(), same_yaml);
  }
  if (value.is_null()) {
    return node.kind == Kind::null;
  }
  if (value.is_string()) {
    return node.is_scalar() && node.scalar == value.get<std::string>();
  }
  return node.is_scalar() && !node.quoted && node.scalar == value.dump();
}

}  // namespace obsctl::test
