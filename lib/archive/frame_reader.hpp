// SPDX-License-Identifier: Apache-2.0
// Decodes frames one after another, ahead of who reads them. Sizes that a frame claims are held
// against limits before anything is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/archive/blob.hpp"
#include "lib/archive/digest.hpp"
#include "lib/archive/read.hpp"

namespace obsctl::archive {

struct FrameReaderOptions {
  std::string_view what = "archive";  // in errors
  Frame from = {};                    // where to begin
  std::uint64_t most = 0;             // bytes of content in all, counted from the stream's start
  bool digest = false;                // of the blob
};

class FrameReader {
 public:
  // The blob outlives it.
  FrameReader(const Blob& blob, const FrameReaderOptions& options);
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  // Fills the front of the buffer and returns how many, 0 at the end of the blob. Errors
  // (Code::integrity) name the frame that is damaged; those of the blob.
  [[nodiscard]] Result<std::size_t> read(std::span<char> into);

  // Of the content: where the next byte is from.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  // Where the content ends that is decoded and not read yet.
  [[nodiscard]] std::uint64_t decoded() const { return position_ + (raw_.size() - used_); }
  // The frames that were read so far, and the digest of the blob once its end was read.
  [[nodiscard]] const std::vector<Frame>& frames() const { return frames_; }
  [[nodiscard]] std::uint64_t blob_position() const { return blob_position_; }
  [[nodiscard]] std::string blob_sha256();

 private:
  class Ahead;
  std::unique_ptr<Sha256> digest_;
  std::unique_ptr<Ahead> ahead_;  // after what it writes to
  std::uint64_t position_;
  std::uint64_t blob_position_;
  std::string raw_;
  std::size_t used_ = 0;
  std::vector<Frame> frames_;
};

}  // namespace obsctl::archive
