// SPDX-License-Identifier: Apache-2.0
// The few things that entries and problems know about themselves.
#include "lib/archive/entry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace obsctl::archive {

std::uint64_t Member::stored() const {
  std::uint64_t out = 0;
  for (const Extent& extent : data) {
    out += extent.size;
  }
  return out;
}

std::vector<Extent> whole(std::uint64_t size) {
  return size == 0 ? std::vector<Extent>{} : std::vector<Extent>{{.offset = 0, .size = size}};
}

std::string Problem::str() const {
  return fmt::format("'{}' {}", printable(path), what);
}

bool any(const std::vector<Problem>& problems, Gravity gravity) {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const Problem& problem) { return problem.gravity == gravity; });
}

}  // namespace obsctl::archive
