// SPDX-License-Identifier: Apache-2.0
// Finds the declared facts in configuration files.
#include "lib/targets/declared.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/targets/helper.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

// The value of a key, or of one with a suffix: the collector's "tail_sampling/x".
const yaml::Node* find(const yaml::Node& map, const std::string& key) {
  for (const auto& entry : map.entries) {
    if (entry.key == key || entry.key.starts_with(key + "/")) {
      return &entry.value;
    }
  }
  return nullptr;
}

// The node at a path of keys, or null.
const yaml::Node* at(const yaml::Node& root, const std::vector<std::string>& path) {
  const yaml::Node* node = &root;
  for (const auto& key : path) {
    node = node == nullptr ? nullptr : find(*node, key);
  }
  return node;
}

// "10GB" of a program that counts in powers of 1024.
std::optional<double> binary_size(std::string text) {
  if (text.size() > 2 && text.back() == 'B' && text[text.size() - 2] != 'i') {
    text.insert(text.size() - 1, "i");
  }
  const auto size = parse_bytes(text, "size");
  return size ? std::optional(size->value) : std::nullopt;
}

// The number at the fact's key; a size in bytes.
std::optional<double> value_of(const catalog::Declared& declared, const yaml::Node& root) {
  const yaml::Node* node = at(root, declared.key);
  if (node == nullptr) {
    return std::nullopt;
  }
  switch (declared.notation) {
    case catalog::Notation::powers_of_1024: return binary_size(node->scalar);
    case catalog::Notation::mib: {
      const auto mib = parse_number(node->scalar);
      return mib ? std::optional(Bytes::from_mib(*mib).value) : std::nullopt;
    }
    case catalog::Notation::count: break;
  }
  return parse_number(node->scalar);
}

}  // namespace

Result<sizing::DeclaredLimits> read_declared(const Target& target, const FileSystem& files,
                                             const fs::path& directory,
                                             const catalog::Components& components) {
  sizing::DeclaredLimits out;
  for (const auto& [name, component] : components) {
    for (const auto& declared : component.declares) {
      const std::string file = fmt::format("{}/{}/{}", target.configs, name, declared.file);
      OBS_TRY_ASSIGN(const auto root, read_generated(files, directory, file));
      const auto value = root ? value_of(declared, *root) : std::nullopt;
      if (value) {
        out.facts.push_back({declared.fact, *value, name, file, join(declared.key, ".")});
      }
    }
  }
  OBS_TRY_ASSIGN(auto limits, target.limits(files, directory));
  out.components_file = std::move(limits.file);
  out.components = std::move(limits.components);
  return out;
}

}  // namespace obsctl
