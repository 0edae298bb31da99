// SPDX-License-Identifier: Apache-2.0
// Cuts a stream into pieces that are compressed each on its own, by several threads and in order, so
// that a reader can begin at any of them and damage stays where it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/archive/read.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::archive {

inline constexpr std::size_t k_most_frame = std::size_t{16} << 20U;  // bytes of content

struct FrameTotals {
  std::uint64_t raw_bytes = 0;
  std::uint64_t blob_bytes = 0;
  std::string raw_sha256;
  std::string blob_sha256;
  std::vector<Frame> frames;
};

struct FrameOptions {
  int level = 3;
  unsigned threads = 1;
  std::size_t frame = std::size_t{1} << 20U;
};

class FrameWriter {
 public:
  // The sink is called by the threads, one at a time.
  FrameWriter(ByteSink blob, const FrameOptions& options);
  ~FrameWriter();
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  // Waits when too much is on its way. Errors: the first of the sink.
  [[nodiscard]] Result<void> write(std::string_view raw);
  // Bytes written so far.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  // The last piece, and all that is on its way.
  [[nodiscard]] Result<FrameTotals> finish();

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
  std::size_t frame_;
  std::uint64_t position_ = 0;
  std::string piece_;
};

}  // namespace obsctl::archive
