// SPDX-License-Identifier: Apache-2.0
// Goes to entries of an archive: forwards in the stream where the next one is near, to the frame that
// holds it where it is not.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lib/archive/frame_reader.hpp"
#include "lib/archive/read.hpp"
#include "lib/archive/tar_reader.hpp"

namespace obsctl::archive {

class Cursor {
 public:
  // `frames` may be empty: then it only goes forwards. What `stored` holds outlives it.
  Cursor(const Stored& stored, std::vector<Frame> frames, bool digest = false);

  // The entry that the index says is there. Errors (Code::integrity) name it: nothing is there, or
  // something else.
  [[nodiscard]] Result<Member> at(const Entry& expected);

  // Gives its content, extents only; an error when the whole is not what its digest says. For files
  // only.
  [[nodiscard]] Result<void> content(const Member& member, const Entry& expected,
                                     const ByteSink& into);

  // Errors: the stream does not end here.
  [[nodiscard]] Result<void> end(std::string_view last);

  [[nodiscard]] FrameReader& frames() { return *reader_; }
  [[nodiscard]] std::uint64_t position() const { return tar_->position(); }

 private:
  [[nodiscard]] Result<void> jump(std::uint64_t offset);
  void open(const Frame& from);

  const Stored& stored_;
  std::vector<Frame> frames_;
  bool digest_;
  std::unique_ptr<FrameReader> reader_;
  std::unique_ptr<TarReader> tar_;
  std::string chunk_;
};

}  // namespace obsctl::archive
