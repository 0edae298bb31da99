// SPDX-License-Identifier: Apache-2.0
// What became known about a set after it was published: marks.json beside its manifest, which itself
// is never changed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/base/units.hpp"

namespace obsctl::backup {

// How much of a set is read back: quick holds sizes and SHA-256 of its files against the manifest,
// full also unpacks every volume in memory and holds every file in it against the index.
enum class Level { quick, full };
constexpr auto names_of(Level) {
  return std::to_array<Named<Level>>({{Level::quick, "quick"}, {Level::full, "full"}});
}

struct Verification {
  Time at;
  Level level = Level::full;
  bool passed = false;
  std::string manifest;  // SHA-256 of the manifest it is about
  bool operator==(const Verification&) const = default;
};

// How long a restore of the set took, measured.
struct Restoration {
  Time at;
  Duration took;
  std::uint64_t bytes = 0;
  bool operator==(const Restoration&) const = default;
};

struct Marks {
  bool pinned = false;
  std::optional<Verification> verified = {};
  std::optional<Restoration> restored = {};
  bool operator==(const Marks&) const = default;
};

[[nodiscard]] std::string print_marks(const Marks& marks);

// Errors (Code::integrity) name `file` and the first field that is wrong.
[[nodiscard]] Result<Marks> parse_marks(std::string_view text, const std::string& file);

}  // namespace obsctl::backup
