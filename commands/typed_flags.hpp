// SPDX-License-Identifier: Apache-2.0
// Flags that are read straight into typed fields, so that a command gets values and not texts.
//
// Every function takes a pointer to a field of the named type, to a std::optional of it (absent
// until the flag is given), or to a std::vector of it (the flag may be repeated; the field starts
// empty). What the field holds when the table is made is shown as the flag's default.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/command.hpp"
#include "lib/base/choice.hpp"
#include "lib/base/units.hpp"

namespace obsctl {

namespace typed_flags {

template <class F>
struct Field {
  using Value = F;
  static constexpr bool k_plain = true;
  static constexpr bool k_repeatable = false;
};
template <class T>
struct Field<std::optional<T>> {
  using Value = T;
  static constexpr bool k_plain = false;
  static constexpr bool k_repeatable = false;
};
template <class T>
struct Field<std::vector<T>> {
  using Value = T;
  static constexpr bool k_plain = false;
  static constexpr bool k_repeatable = true;
};

template <class F>
using ValueOf = typename Field<F>::Value;

template <class F, class T>
concept Holds = std::same_as<ValueOf<F>, T>;

// `parse(text, what)` gives a Result of the field's type, `print` its text.
template <class F, class Parse, class Print>
[[nodiscard]] TypedValue into(F* field, Parse parse, Print print) {
  TypedValue out;
  out.read = [field, parse = std::move(parse)](std::string_view text,
                                               std::string_view what) -> Result<void> {
    OBS_TRY_ASSIGN(auto value, parse(text, what));
    if constexpr (Field<F>::k_repeatable) {
      field->push_back(std::move(value));
    } else {
      *field = std::move(value);
    }
    return {};
  };
  if constexpr (Field<F>::k_plain) {
    out.initial = print(*field);
  }
  out.repeatable = Field<F>::k_repeatable;
  return out;
}

[[nodiscard]] Result<std::filesystem::path> parse_path(std::string_view text,
                                                       std::string_view what);
[[nodiscard]] Result<Duration> parse_length(std::string_view text, std::string_view what);

}  // namespace typed_flags

// One of the names that the enum's own table lists (lib/base/choice.hpp).
template <class F>
requires ClosedChoice<typed_flags::ValueOf<F>>
[[nodiscard]] TypedValue into_enum(F* field) {
  using Value = typed_flags::ValueOf<F>;
  TypedValue out = typed_flags::into(field, parse_choice<Value>,
                                     [](Value held) { return std::string(name_of(held)); });
  out.choices = choices_of<Value>();
  return out;
}

// A closed choice, whose names stand beside its enum.
template <class F>
requires ClosedChoice<typed_flags::ValueOf<F>>
[[nodiscard]] TypedValue into_choice(F* field) {
  using Value = typed_flags::ValueOf<F>;
  TypedValue out = typed_flags::into(field, parse_choice<Value>,
                                     [](Value held) { return std::string(name_of(held)); });
  out.choices = choices_of<Value>();
  return out;
}

template <typed_flags::Holds<Rate> F>
[[nodiscard]] TypedValue into_rate(F* field) {
  return typed_flags::into(field, parse_rate, print_rate);
}

template <typed_flags::Holds<Duration> F>
[[nodiscard]] TypedValue into_duration(F* field) {
  return typed_flags::into(field, parse_duration, print_duration);
}

// A time to wait or to run, longer than 0.
template <typed_flags::Holds<Duration> F>
[[nodiscard]] TypedValue into_length(F* field) {
  return typed_flags::into(field, typed_flags::parse_length, print_duration);
}

template <typed_flags::Holds<Bytes> F>
[[nodiscard]] TypedValue into_bytes(F* field) {
  return typed_flags::into(field, parse_bytes, print_bytes);
}

template <typed_flags::Holds<Share> F>
[[nodiscard]] TypedValue into_share(F* field) {
  return typed_flags::into(field, parse_share, print_share);
}

// A number of things, such as 500k.
template <typed_flags::Holds<double> F>
[[nodiscard]] TypedValue into_count(F* field) {
  return typed_flags::into(field, parse_count, print_count);
}

// A whole number from `min` to `max`; both have to fit the field's type.
template <class F>
requires std::integral<typed_flags::ValueOf<F>>
[[nodiscard]] TypedValue into_integer(F* field, std::int64_t min, std::int64_t max) {
  using Value = typed_flags::ValueOf<F>;
  return typed_flags::into(
      field,
      [min, max](std::string_view text, std::string_view what) -> Result<Value> {
        OBS_TRY_ASSIGN(const std::int64_t value, parse_integer(text, what, min, max));
        return static_cast<Value>(value);
      },
      [](Value held) { return std::to_string(held); });
}

// A path as it was typed; the command resolves it against the current directory.
template <typed_flags::Holds<std::filesystem::path> F>
[[nodiscard]] TypedValue into_path(F* field) {
  return typed_flags::into(field, typed_flags::parse_path,
                           [](const std::filesystem::path& held) { return held.string(); });
}

}  // namespace obsctl
