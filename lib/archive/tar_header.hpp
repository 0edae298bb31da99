// SPDX-License-Identifier: Apache-2.0
// Blocks and fields of the tar format (POSIX.1-2001 "pax", with GNU's sparse files 1.0), written and
// understood here and not through a library: libarchive rewrites names by the locale (NFD becomes
// NFC, or each name that is no ASCII carries a warning for GNU tar) and takes the end of a file for
// the end of an archive. Names are bytes here, and the end is written in the stream or it is none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/archive/entry.hpp"

namespace obsctl::archive {

inline constexpr std::size_t k_block = 512;
inline constexpr std::size_t k_trailer = 2 * k_block;  // of zeros

// What a header may claim, so that none makes us allocate what it likes.
inline constexpr std::size_t k_most_records = std::size_t{4} << 20U;  // bytes of one pax header
inline constexpr std::size_t k_most_extents = std::size_t{1} << 20U;  // of one sparse file
inline constexpr std::size_t k_most_written_extents = std::size_t{1} << 16U;

// Times are clamped to about the years 1685 and 2255, which 64 bits of nanoseconds can hold.
inline constexpr std::int64_t k_most_seconds = 9'000'000'000;

[[nodiscard]] constexpr std::uint64_t padded(std::uint64_t size) {
  return (size + k_block - 1) / k_block * k_block;
}

// All that stands before the content: a pax header where one is needed, the header itself, and the
// map of a sparse file. A whole number of blocks.
[[nodiscard]] std::string header_of(const Member& member);

// Whether its content is stored with holes left out.
[[nodiscard]] bool is_sparse(const Member& member);

// One block of 512 bytes as it stands there, with a right sum.
struct RawHeader {
  char type = '0';
  std::string path;
  std::string link;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;  // seconds
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
};

// Errors: the sentence behind "the header at byte N ", for example "has a wrong sum".
[[nodiscard]] tl::expected<RawHeader, std::string> parse_block(std::string_view block);

using PaxRecords = std::map<std::string, std::string>;
// The records of a pax header; nothing when they are none.
[[nodiscard]] std::optional<PaxRecords> parse_records(std::string_view bytes);

// "12.000000345", "-1.5": nanoseconds; nothing when it is no number or out of range.
[[nodiscard]] std::optional<std::int64_t> parse_pax_time(std::string_view text);

// The name of an attribute as it stands behind "SCHILY.xattr.", both ways: GNU tar writes '=' and '%'
// as %3D and %25.
[[nodiscard]] std::string xattr_keyword(std::string_view name);
[[nodiscard]] std::string xattr_name(std::string_view keyword);

}  // namespace obsctl::archive
