// SPDX-License-Identifier: Apache-2.0
// The content of a file as a program reads it: its extents in their places, holes as zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/archive/entry.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::archive {

// Gives `count` zeros to the sink.
[[nodiscard]] Result<void> give_zeros(std::uint64_t count, const ByteSink& into);

class Content {
 public:
  void begin(const Member& member);
  // The next bytes of the extents. Errors: those of the sink; more than the extents have.
  [[nodiscard]] Result<void> write(std::string_view bytes, const ByteSink& into);
  // The hole at the end. Errors: less than the extents have.
  [[nodiscard]] Result<void> end(const ByteSink& into);

 private:
  Member member_;
  std::size_t extent_ = 0;
  std::uint64_t in_extent_ = 0;
  std::uint64_t at_ = 0;
};

}  // namespace obsctl::archive
