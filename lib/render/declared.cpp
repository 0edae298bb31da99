// Finds the declared facts in configuration files, and the containers' limits in
// docker-compose.yml.
#include "lib/render/declared.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_compose = "docker-compose.yml";

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

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && rest == text.data() + text.size() ? std::optional(value)
                                                                   : std::nullopt;
}

// "10GB" of a program that counts in powers of 1024.
std::optional<double> binary_size(std::string text) {
  if (text.size() > 2 && text.back() == 'B' && text[text.size() - 2] != 'i') {
    text.insert(text.size() - 1, "i");
  }
  const auto size = parse_bytes(text, "size");
  return size ? std::optional(size->value) : std::nullopt;
}

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
  const auto count = number(trim(text));
  return count ? std::optional(Bytes{*count * scale}) : std::nullopt;
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
      const auto mib = number(node->scalar);
      return mib ? std::optional(Bytes::from_mib(*mib).value) : std::nullopt;
    }
    case catalog::Notation::count: break;
  }
  return number(node->scalar);
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

// deploy.resources.limits of every service.
Result<std::map<std::string, ComponentOverride>> container_limits(const yaml::Node& compose) {
  std::map<std::string, ComponentOverride> out;
  const yaml::Node* services = compose.find("services");
  if (services == nullptr) {
    return out;
  }
  for (const auto& service : services->entries) {
    if (const yaml::Node* limits = at(service.value, {"deploy", "resources", "limits"})) {
      ComponentOverride& into = out[service.key];
      OBS_TRY_ASSIGN(into.cpus, limit<double>(*limits, "cpus", "for example '0.5'", number));
      OBS_TRY_ASSIGN(into.memory,
                     limit<Bytes>(*limits, "memory", "for example 512M or 2G", compose_size));
    }
  }
  return out;
}

// A generated file, or nothing where there is none. Its errors name it as the stack does.
Result<std::optional<yaml::Node>> read(const FileSystem& files, const fs::path& directory,
                                       const std::string& name) {
  if (!files.exists(directory / name)) {
    return std::nullopt;
  }
  OBS_TRY_ASSIGN(const std::string text, files.read(directory / name));
  OBS_TRY_ASSIGN(yaml::Node root, yaml::parse(text, name));
  return root;
}

}  // namespace

Result<sizing::DeclaredLimits> read_declared(const FileSystem& files, const fs::path& directory,
                                             const catalog::Components& components) {
  sizing::DeclaredLimits out;
  for (const auto& [name, component] : components) {
    for (const auto& declared : component.declares) {
      const std::string file = "configs/" + name + "/" + declared.file;
      OBS_TRY_ASSIGN(const auto root, read(files, directory, file));
      const auto value = root ? value_of(declared, *root) : std::nullopt;
      if (value) {
        out.facts.push_back({declared.fact, *value, name, file, join(declared.key, ".")});
      }
    }
  }
  OBS_TRY_ASSIGN(const auto compose, read(files, directory, k_compose));
  if (compose) {
    out.components_file = k_compose;
    OBS_TRY_ASSIGN(out.components, container_limits(*compose));
  }
  return out;
}

}  // namespace obsctl
