// SPDX-License-Identifier: Apache-2.0
// The index of an archive: JSON, one line for each entry in the order of the stream, then the table
// of frames. It is compressed in frames like the archive, and read line by line, because a tree may
// have millions of files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/archive/frame_reader.hpp"
#include "lib/archive/frame_writer.hpp"
#include "lib/archive/read.hpp"

namespace obsctl::archive {

// One line, without its end. Text that is no UTF-8 stands in base64 under its key with "64" behind.
[[nodiscard]] std::string line_of(const Entry& entry);
// Nothing when it is no such line.
[[nodiscard]] std::optional<Entry> parse_line(std::string_view line);

class IndexWriter {
 public:
  explicit IndexWriter(ByteSink index);
  [[nodiscard]] Result<void> add(const Entry& entry);
  // Of the archive. The totals of the index itself come back.
  [[nodiscard]] Result<FrameTotals> finish(const FrameTotals& archive);

 private:
  FrameWriter frames_;
  std::uint64_t entries_ = 0;
};

class IndexReader {
 public:
  // Errors of open(): size or digest are not what is expected.
  [[nodiscard]] static Result<std::unique_ptr<IndexReader>> open(const Stored& stored);

  // The next entry; nothing behind the last, when frames() is known and all was checked.
  [[nodiscard]] Result<std::optional<Entry>> next();
  [[nodiscard]] const std::vector<Frame>& frames() const { return frames_; }

 private:
  explicit IndexReader(const Stored& stored);
  [[nodiscard]] Result<std::optional<std::string_view>> line();
  [[nodiscard]] Result<void> tail(std::string_view first);
  [[nodiscard]] Failure wrong(std::string_view what) const;

  Summary expected_;
  FrameReader reader_;
  std::string buffer_;
  std::size_t used_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t offset_ = 0;  // of the last entry
  bool ended_ = false;
  std::vector<Frame> frames_;
};

// Errors (Code::integrity): the blob is shorter or longer, or its SHA-256 another. `what` names it.
[[nodiscard]] Result<void> check_blob(const Blob& blob, std::string_view what, std::uint64_t bytes,
                                      std::string_view sha256, const Progress& progress = {});
[[nodiscard]] Result<void> check_size(const Blob& blob, std::string_view what, std::uint64_t bytes);

}  // namespace obsctl::archive
