// SPDX-License-Identifier: Apache-2.0
// Fields of JSON that a stranger wrote: one that is not there, or is of another type, reads as
// nothing, so that no answer can make a reader fail.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace obsctl::engine {

// null when it is not there.
[[nodiscard]] inline const nlohmann::json& part(const nlohmann::json& object, const char* key) {
  static const nlohmann::json k_nothing;
  if (!object.is_object()) {
    return k_nothing;
  }
  const auto it = object.find(key);
  return it == object.end() ? k_nothing : *it;
}

[[nodiscard]] inline std::string text(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = part(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

[[nodiscard]] inline std::optional<double> number(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = part(object, key);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

[[nodiscard]] inline bool flag(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = part(object, key);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace obsctl::engine
