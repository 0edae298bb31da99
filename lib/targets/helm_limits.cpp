// SPDX-License-Identifier: Apache-2.0
// Reads the limits of a chart's values back: what a person edited is what the stack does.
#include <fmt/format.h>

#include <array>

#include "lib/base/text.hpp"
#include "lib/targets/helm_parts.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::helm {
namespace {

struct Suffix {
  std::string_view text;
  double factor;
};

// Kubernetes' quantities: "500m", "2", "1.5Gi", "2G", "1e3".
std::optional<double> quantity(std::string_view text) {
  static constexpr std::array k_suffixes = {
      Suffix{"Ki", 0x1p10}, Suffix{"Mi", 0x1p20}, Suffix{"Gi", 0x1p30}, Suffix{"Ti", 0x1p40},
      Suffix{"Pi", 0x1p50}, Suffix{"m", 1e-3},    Suffix{"k", 1e3},     Suffix{"M", 1e6},
      Suffix{"G", 1e9},     Suffix{"T", 1e12},    Suffix{"P", 1e15}};
  for (const auto& suffix : k_suffixes) {
    if (text.ends_with(suffix.text)) {
      const auto number = parse_number(text.substr(0, text.size() - suffix.text.size()));
      return number ? std::optional(*number * suffix.factor) : std::nullopt;
    }
  }
  return parse_number(text);
}

Result<std::optional<double>> limit(const yaml::Node& limits, const char* name) {
  const yaml::Node* node = limits.find(name);
  if (node == nullptr) {
    return std::nullopt;
  }
  const auto out = quantity(node->scalar);
  if (!out) {
    return fail_at(node->at, fmt::format("'{}' is not a limit of {}", node->scalar, name),
                   "for example 500m or 2Gi");
  }
  return out;
}

}  // namespace

Result<ContainerLimits> read_limits(const FileSystem& files,
                                    const std::filesystem::path& directory) {
  ContainerLimits out;
  OBS_TRY_ASSIGN(const auto root, read_generated(files, directory, k_values));
  if (!root) {
    return out;
  }
  out.file = k_values;
  const yaml::Node* components = root->find("components");
  if (components == nullptr) {
    return out;
  }
  for (const auto& component : components->entries) {
    const yaml::Node* resources = component.value.find("resources");
    const yaml::Node* limits = resources == nullptr ? nullptr : resources->find("limits");
    if (limits == nullptr) {
      continue;
    }
    ComponentOverride& into = out.components[component.key];
    OBS_TRY_ASSIGN(into.cpus, limit(*limits, "cpu"));
    OBS_TRY_ASSIGN(const auto memory, limit(*limits, "memory"));
    if (memory) {
      into.memory = Bytes{*memory};
    }
  }
  return out;
}

}  // namespace obsctl::helm
