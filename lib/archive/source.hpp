// SPDX-License-Identifier: Apache-2.0
// Where the content of an archive comes from: a directory of this machine, or a tar stream of the
// container engine.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "lib/archive/entry.hpp"

namespace obsctl::archive {

class TreeSource {
 public:
  virtual ~TreeSource() = default;

  // The next entry, without digest and offset; nothing at the end. A directory comes before what is
  // in it. An error ends the archive; what concerns one path only is a problem instead.
  [[nodiscard]] virtual Result<std::optional<Member>> next() = 0;

  // Content of the last entry: the bytes of its extents one after another. Fills the front of the
  // buffer and returns how many, 0 once all of `stored()` were given. Exactly that many come,
  // whatever happens to the file meanwhile.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<char> into) = 0;

  // What was found so far about single paths.
  [[nodiscard]] virtual const std::vector<Problem>& problems() const = 0;
};

}  // namespace obsctl::archive
