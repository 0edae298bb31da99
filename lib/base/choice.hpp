// SPDX-License-Identifier: Apache-2.0
// Closed choices: an enum and one table of its names, from which it is parsed, printed and offered,
// so that no code compares words and a typing error does not compile.
//
// An enum joins by a function beside it that argument-dependent look-up finds:
//   enum class Tls { off, self_signed, files };
//   constexpr auto names_of(Tls) {
//     return std::to_array<Named<Tls>>({{Tls::off, "off"}, {Tls::self_signed, "self-signed"}, …});
//   }
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/text.hpp"

namespace obsctl {

template <class E>
struct Named {
  E value;
  std::string_view name;
};

template <class E>
concept ClosedChoice = std::is_enum_v<E> && requires {
  names_of(E{});
};

// Its name as people write it; empty for a value outside of the table.
template <ClosedChoice E>
[[nodiscard]] constexpr std::string_view name_of(E value) {
  for (const auto& [one, name] : names_of(E{})) {
    if (one == value) {
      return name;
    }
  }
  return {};
}

template <ClosedChoice E>
[[nodiscard]] constexpr std::optional<E> choice_named(std::string_view name) {
  for (const auto& [value, one] : names_of(E{})) {
    if (one == name) {
      return value;
    }
  }
  return std::nullopt;
}

// All names in the order of the table.
template <ClosedChoice E>
[[nodiscard]] std::vector<std::string> choices_of() {
  std::vector<std::string> out;
  for (const auto& [value, name] : names_of(E{})) {
    out.emplace_back(name);
  }
  return out;
}

// Code::usage with the nearest of `names`, or all of them, as its hint. `what` names the input.
[[nodiscard]] Failure unknown_choice(std::string_view text, std::string_view what,
                                     const std::vector<std::string>& names);

template <ClosedChoice E>
[[nodiscard]] Result<E> parse_choice(std::string_view text, std::string_view what) {
  for (const auto& [value, name] : names_of(E{})) {
    if (lower(text) == lower(name)) {
      return value;
    }
  }
  return unknown_choice(text, what, choices_of<E>());
}

}  // namespace obsctl
