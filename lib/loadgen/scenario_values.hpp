// SPDX-License-Identifier: Apache-2.0
// What the sections of a scenario file are made of: quantities, choices, lists and attributes, each
// with its position in errors.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/loadgen/scenario.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::loadgen {

// Each reads the value of `key` into the field, which keeps what it holds without the key.
Result<void> read_share(const yaml::Node& map, std::string_view key, double& into);
Result<void> read_count(const yaml::Node& map, std::string_view key, double& into);
// A whole number from `min` to `max`, in the short forms of a count: "500k".
Result<void> read_whole(const yaml::Node& map, std::string_view key, std::uint64_t min,
                        std::uint64_t max, std::uint64_t& into);
// Whole bytes, at least one and at most 1 MB.
Result<void> read_size(const yaml::Node& map, std::string_view key, std::size_t& into);
Result<void> read_choice(const yaml::Node& map, std::string_view key, std::string& into,
                         const std::vector<std::string>& choices);

// Every element of the sequence under `key`, read by `read_one`; nothing when there is no such key.
template <class T, class ReadOne>
Result<std::vector<T>> read_list(const yaml::Node& map, std::string_view key, ReadOne read_one) {
  std::vector<T> out;
  const yaml::Node* list = map.find(key);
  if (list == nullptr) {
    return out;
  }
  if (!list->is_sequence()) {
    return fail_at(list->at, fmt::format("'{}' is not a list", key));
  }
  for (const yaml::Node& item : list->items) {
    Result<T> value = read_one(item);
    if (!value) {
      return Failure(std::move(value).error());
    }
    out.push_back(std::move(*value));
  }
  return out;
}

// The value that YAML's core schema gives a scalar, a list or a map: text, integer, floating-point
// number, boolean, array or map. In quotes everything is text.
[[nodiscard]] Result<otlp::AnyValue> read_any(const yaml::Node& node);

// The list of attributes under `key`.
[[nodiscard]] Result<std::vector<Attribute>> read_attributes(const yaml::Node& node,
                                                             std::string_view key);

}  // namespace obsctl::loadgen
