// SPDX-License-Identifier: Apache-2.0
// Follows keys through configuration files.
#include "lib/stack/configured.hpp"

#include <fmt/format.h>

#include "lib/targets/helper.hpp"

namespace obsctl::stack {
namespace {

using Numbers = std::map<std::map<std::string, std::string>, double>;

// Adds to `out` what the file says at the rest of the path. What stands under a key with a label
// counts also without the last key, with the value that the program takes then, unless an earlier
// file says otherwise.
class Reader {
 public:
  Reader(const catalog::Configured& row, Numbers& out) : row_(row), out_(out) {}

  Result<void> read(const yaml::Node& root) { return follow(root, 0, {}); }

 private:
  Result<void> follow(const yaml::Node& node, std::size_t depth,
                      const std::map<std::string, std::string>& labels) {
    if (depth == row_.key.size()) {
      OBS_TRY_ASSIGN(const Duration value, parse_duration(node.scalar, row_.name));
      out_[labels] = value.seconds;
      return {};
    }
    const std::string& key = row_.key[depth];
    if (key.starts_with('{')) {
      for (const yaml::Entry& entry : node.entries) {
        auto more = labels;
        more[key.substr(1, key.size() - 2)] = entry.key;
        out_.try_emplace(more, row_.otherwise.seconds);
        OBS_TRY(follow(entry.value, depth + 1, more));
      }
      return {};
    }
    const yaml::Node* next = node.find(key);
    return next == nullptr ? Result<void>() : follow(*next, depth + 1, labels);
  }

  const catalog::Configured& row_;
  Numbers& out_;
};

}  // namespace

Result<std::vector<ConfiguredNumber>> configured_numbers(const FileSystem& files,
                                                         const Stack& stack,
                                                         const std::string& component) {
  std::vector<ConfiguredNumber> out;
  const auto found = stack.templates.catalogs.components.find(component);
  if (found == stack.templates.catalogs.components.end()) {
    return out;
  }
  const catalog::ComponentDef& def = found->second;
  std::vector<std::string> names = def.configs.files;
  names.insert(names.end(), def.configs.own.begin(), def.configs.own.end());
  for (const catalog::Configured& row : def.configured) {
    Numbers numbers;
    for (const std::string& name : names) {
      const std::string file = fmt::format("{}/{}/{}", stack.target->configs, component, name);
      OBS_TRY_ASSIGN(const auto root, read_generated(files, stack.directory, file));
      if (root) {
        OBS_TRY(Reader(row, numbers).read(*root));
      }
    }
    for (const auto& [labels, value] : numbers) {
      out.push_back({row.name, labels, value});
    }
  }
  return out;
}

}  // namespace obsctl::stack
