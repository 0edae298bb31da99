// SPDX-License-Identifier: Apache-2.0
// Reads a tar stream entry by entry, without a step back. Whoever made it, nothing is guessed: a
// stream is whole only when its end is written in it and nothing but zeros comes behind.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/archive/entry.hpp"
#include "lib/archive/tar_header.hpp"
#include "lib/io/stream.hpp"

namespace obsctl::archive {

// The path of a tar header as entries have it: without the slash that a directory ends with.
[[nodiscard]] std::string without_slash(std::string path);

class TarReader {
 public:
  // `start`: where in the whole stream the source begins, for offsets in entries and errors.
  explicit TarReader(ByteSource source, std::uint64_t start = 0);

  // The next entry, what is left of the last one skipped; nothing at the end. Errors
  // (Code::integrity) name the offset and the entry; those of the source.
  [[nodiscard]] Result<std::optional<Member>> next();

  // Content of the last entry, its extents one after another; 0 when all was given.
  [[nodiscard]] Result<std::size_t> read(std::span<char> into);

  // Of the stream, all that was taken from it.
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  struct Extensions;  // of the header that follows them

  [[nodiscard]] Result<std::size_t> take(std::span<char> into);
  [[nodiscard]] Result<void> take_all(std::span<char> into, std::string_view what);
  [[nodiscard]] Result<std::string> take_records(std::uint64_t size, std::string_view what);
  [[nodiscard]] Result<void> skip(std::uint64_t bytes);
  [[nodiscard]] Result<std::optional<RawHeader>> header();
  [[nodiscard]] Result<void> end_of_archive();
  [[nodiscard]] Result<bool> extension(const RawHeader& header, Extensions& extensions);
  [[nodiscard]] Result<Member> member(const RawHeader& header, const Extensions& extensions);
  [[nodiscard]] Result<void> sparse(const PaxRecords& records, std::uint64_t stored, Member& out);
  [[nodiscard]] Result<std::vector<std::uint64_t>> sparse_numbers(std::uint64_t stored);
  [[nodiscard]] Failure damaged(std::uint64_t at, std::string_view what) const;

  ByteSource source_;
  std::uint64_t position_;
  std::string buffer_;  // read ahead, the part from `used_` on
  std::size_t used_ = 0;
  std::uint64_t left_ = 0;     // of the content of the last entry
  std::uint64_t padding_ = 0;  // behind it
  std::string last_;           // its path
  bool ended_ = false;
};

}  // namespace obsctl::archive
