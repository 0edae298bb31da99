// SPDX-License-Identifier: Apache-2.0
// Fills in the holes.
#include "lib/archive/content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace obsctl::archive {

Result<void> give_zeros(std::uint64_t count, const ByteSink& into) {
  static const std::string k_zeros(k_chunk, '\0');
  while (count > 0) {
    const std::uint64_t n = std::min<std::uint64_t>(count, k_zeros.size());
    OBS_TRY(into(std::string_view(k_zeros).substr(0, static_cast<std::size_t>(n))));
    count -= n;
  }
  return {};
}

void Content::begin(const Member& member) {
  member_ = member;
  extent_ = 0;
  in_extent_ = 0;
  at_ = 0;
}

Result<void> Content::write(std::string_view bytes, const ByteSink& into) {
  while (!bytes.empty()) {
    if (extent_ == member_.data.size()) {
      return fail(Code::failed,
                  fmt::format("'{}' has more content than it says", printable(member_.entry.path)));
    }
    const Extent& extent = member_.data[extent_];
    OBS_TRY(give_zeros(in_extent_ == 0 ? extent.offset - at_ : 0, into));
    const std::string_view part = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(
                                                      bytes.size(), extent.size - in_extent_)));
    OBS_TRY(into(part));
    in_extent_ += part.size();
    at_ = extent.offset + in_extent_;
    bytes.remove_prefix(part.size());
    if (in_extent_ == extent.size) {
      ++extent_;
      in_extent_ = 0;
    }
  }
  return {};
}

Result<void> Content::end(const ByteSink& into) {
  if (extent_ != member_.data.size()) {
    return fail(Code::failed,
                fmt::format("'{}' has less content than it says", printable(member_.entry.path)));
  }
  return give_zeros(member_.entry.size - at_, into);
}

}  // namespace obsctl::archive
