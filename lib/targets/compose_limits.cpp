// SPDX-License-Identifier: Apache-2.0
// Reads the limits of a compose file back: what a person edited is what the stack does.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/targets/compose.hpp"
#include "lib/targets/helper.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::compose {
namespace {

// "2560M", "1.5gb", "1048576": Compose counts in powers of 1024, whatever the case.
std::optional<Bytes> compose_size(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view k_units = "kmgtp";
  const bool named = text.ends_with('b');
  if (named) {
    text.pop_back();
  }
  if (named && text.ends_with('i')) {
    text.pop_back();
  }
  double scale = 1;
  const auto unit = text.empty() ? std::string_view::npos : k_units.find(text.back());
  if (unit != std::string_view::npos) {
    text.pop_back();
    scale = std::pow(1024, static_cast<double>(unit + 1));
  }
  const auto count = parse_number(trim(text));
  return count ? std::optional(Bytes{*count * scale}) : std::nullopt;
}

// The limit of a service by name; nothing where it has none.
template <class Value, class Read>
Result<std::optional<Value>> limit(const yaml::Node& limits, const char* name, const char* example,
                                   Read read) {
  const yaml::Node* node = limits.find(name);
  if (node == nullptr) {
    return std::nullopt;
  }
  const std::optional<Value> out = read(node->scalar);
  if (!out) {
    return fail_at(node->at, fmt::format("'{}' is not a limit of {}", node->scalar, name), example);
  }
  return out;
}

const yaml::Node* limits_of(const yaml::Node& service) {
  const yaml::Node* node = &service;
  for (const char* key : {"deploy", "resources", "limits"}) {
    node = node == nullptr ? nullptr : node->find(key);
  }
  return node;
}

// deploy.resources.limits of every service.
Result<std::map<std::string, ComponentOverride>> container_limits(const yaml::Node& compose) {
  std::map<std::string, ComponentOverride> out;
  const yaml::Node* services = compose.find("services");
  if (services == nullptr) {
    return out;
  }
  for (const auto& service : services->entries) {
    if (const yaml::Node* limits = limits_of(service.value)) {
      ComponentOverride& into = out[service.key];
      OBS_TRY_ASSIGN(into.cpus, limit<double>(*limits, "cpus", "for example '0.5'", parse_number));
      OBS_TRY_ASSIGN(into.memory,
                     limit<Bytes>(*limits, "memory", "for example 512M or 2G", compose_size));
    }
  }
  return out;
}

}  // namespace

Result<ContainerLimits> read_limits(const FileSystem& files,
                                    const std::filesystem::path& directory) {
  ContainerLimits out;
  OBS_TRY_ASSIGN(const auto root, read_generated(files, directory, k_file));
  if (!root) {
    return out;
  }
  out.file = k_file;
  OBS_TRY_ASSIGN(out.components, container_limits(*root));
  return out;
}

}  // namespace obsctl::compose
