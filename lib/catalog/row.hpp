// SPDX-License-Identifier: Apache-2.0
// Typed access to the fields of a catalog row: quantities with units, whose errors name the
// position.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::catalog {

// Sets `into` from `key` of `row` with one of the parsers of units.hpp; an absent optional key
// leaves it alone.
template <class T>
[[nodiscard]] Result<void> read_quantity(const yaml::Node& row, std::string_view key, T& into,
                                         Result<T> (*parse)(std::string_view, std::string_view),
                                         bool required = true) {
  const yaml::Node* node = row.find(key);
  if (node == nullptr && !required) {
    return {};
  }
  OBS_TRY(row.require(key));
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
[[nodiscard]] Result<E> read_choice(const yaml::Node& row, std::string_view key) {
  OBS_TRY_ASSIGN(const std::string word, row.text(key));
  auto value = parse_choice<E>(word, key);
  if (!value) {
    Error error = std::move(value).error();
    error.code = Code::config;
    error.at = row.find(key)->at;
    return Failure(std::move(error));
  }
  return *value;
}

}  // namespace obsctl::catalog
