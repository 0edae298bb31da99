// SPDX-License-Identifier: Apache-2.0
// Typed access to the values of a map: quantities with units and closed choices, whose errors name
// the position.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::yaml {

// Sets `into` from `key` of `map` with one of the parsers of units.hpp; an absent optional key
// leaves it alone.
template <class T>
[[nodiscard]] Result<void> read_quantity(const Node& map, std::string_view key, T& into,
                                         Result<T> (*parse)(std::string_view, std::string_view),
                                         bool required = true) {
  const Node* node = map.find(key);
  if (node == nullptr && !required) {
    return {};
  }
  OBS_TRY(map.require(key));
  auto value = parse(node->scalar, key);
  if (!value) {
    Error error = std::move(value).error();
    error.code = Code::config;
    error.at = node->at;
    return Failure(std::move(error));
  }
  into = *value;
  return {};
}

// A closed choice; the error of another word names its position.
template <ClosedChoice E>
[[nodiscard]] Result<E> read_choice(const Node& map, std::string_view key) {
  OBS_TRY_ASSIGN(const std::string word, map.text(key));
  auto value = parse_choice<E>(word, key);
  if (!value) {
    Error error = std::move(value).error();
    error.code = Code::config;
    error.at = map.find(key)->at;
    return Failure(std::move(error));
  }
  return *value;
}

}  // namespace obsctl::yaml
