// SPDX-License-Identifier: Apache-2.0
// One pass over a tar stream: headers with what extends them, then content that the caller takes.
#include "lib/archive/tar_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "lib/archive/tar_fields.hpp"

namespace obsctl::archive {
namespace {

constexpr std::size_t k_most_name = std::size_t{64} << 10U;  // of GNU's long names
constexpr int k_most_extensions = 8;                         // in front of one header

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

std::optional<EntryType> type_of(char type) {
  switch (type) {
    case '\0':
    case '0':
    case '7': return EntryType::file;
    case '1': return EntryType::hardlink;
    case '2': return EntryType::symlink;
    case '3': return EntryType::character_device;
    case '4': return EntryType::block_device;
    case '5': return EntryType::directory;
    case '6': return EntryType::fifo;
    default: return std::nullopt;
  }
}

template <class T>
bool parse_decimal(std::string_view text, T& into) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, into, 10);
  return error == std::errc{} && rest == end;
}

// Sets `into` from a record; false when it is there and no such number.
template <class T>
bool number_from(const PaxRecords& records, const char* key, T& into) {
  const auto found = records.find(key);
  return found == records.end() || parse_decimal(found->second, into);
}

// False for a text that a path cannot be.
bool text_from(const PaxRecords& records, const char* key, std::string& into) {
  const auto found = records.find(key);
  if (found != records.end()) {
    into = found->second;
  }
  return into.find('\0') == std::string::npos;
}

bool time_from(const PaxRecords& records, Entry& entry) {
  const auto found = records.find(k_pax_mtime);
  if (found == records.end()) {
    return true;
  }
  const auto ns = parse_pax_time(found->second);
  entry.mtime_ns = ns.value_or(0);
  return ns.has_value();
}

bool attributes_from(const PaxRecords& records, Entry& entry) {
  const std::string_view prefix = k_pax_xattr;
  for (auto it = records.lower_bound(k_pax_xattr);
       it != records.end() && it->first.starts_with(prefix); ++it) {
    const std::string name = xattr_name(std::string_view(it->first).substr(prefix.size()));
    if (name.empty() || name.find('\0') != std::string::npos) {
      return false;
    }
    entry.xattrs[name] = it->second;
  }
  return true;
}

// The name of the first record that is wrong; empty when all are right.
std::string_view apply(const PaxRecords& records, Entry& entry, std::uint64_t& size) {
  return !text_from(records, k_pax_path, entry.path)              ? k_pax_path
         : !text_from(records, k_pax_link, entry.link)            ? k_pax_link
         : !number_from(records, k_pax_size, size)                ? k_pax_size
         : !number_from(records, k_pax_uid, entry.uid)            ? k_pax_uid
         : !number_from(records, k_pax_gid, entry.gid)            ? k_pax_gid
         : !time_from(records, entry)                             ? k_pax_mtime
         : !number_from(records, k_pax_major, entry.device_major) ? k_pax_major
         : !number_from(records, k_pax_minor, entry.device_minor) ? k_pax_minor
         : !attributes_from(records, entry)                       ? "SCHILY.xattr"
                                                                  : "";
}

bool has_sparse(const PaxRecords& records) {
  const auto found = records.lower_bound(k_sparse);
  return found != records.end() && found->first.starts_with(k_sparse);
}

std::int64_t nanoseconds(std::int64_t seconds) {
  constexpr std::int64_t k_second = 1'000'000'000;
  return std::clamp(seconds, -k_most_seconds, k_most_seconds) * k_second;
}

// Pairs of offset and size as extents without empty ones; nothing when they overlap, run back or
// leave the file.
std::optional<std::vector<Extent>> extents_of(const std::vector<std::uint64_t>& numbers,
                                              std::uint64_t size) {
  std::vector<Extent> out;
  std::uint64_t end = 0;
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
    const Extent extent{.offset = numbers[i], .size = numbers[i + 1]};
    if (extent.offset < end || extent.offset > size || extent.size > size - extent.offset) {
      return std::nullopt;
    }
    end = extent.offset + extent.size;
    if (extent.size > 0) {
      out.push_back(extent);
    }
  }
  return out;
}

}  // namespace

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) {
    path.pop_back();
  }
  return path;
}

struct TarReader::Extensions {
  PaxRecords records;
  std::optional<std::string> path;  // GNU's
  std::optional<std::string> link;
  int count = 0;
};

TarReader::TarReader(ByteSource source, std::uint64_t start)
    : source_(std::move(source)), position_(start) {}

Failure TarReader::damaged(std::uint64_t at, std::string_view what) const {
  const std::string where = last_.empty() ? "" : fmt::format(", behind '{}'", printable(last_));
  return fail(Code::integrity, fmt::format("the header at byte {}{} {}", at, where, what));
}

// From the buffer, or past it when much is wanted. 0 at the end of the source.
Result<std::size_t> TarReader::take(std::span<char> into) {
  if (used_ == buffer_.size() && into.size() >= k_chunk) {
    OBS_TRY_ASSIGN(const std::size_t n, source_(into));
    position_ += n;
    return n;
  }
  if (used_ == buffer_.size()) {
    buffer_.resize(k_chunk);
    used_ = 0;
    auto n = source_(buffer_);
    buffer_.resize(n ? *n : 0);
    OBS_TRY(n);
  }
  const std::size_t n = buffer_.copy(into.data(), into.size(), used_);
  used_ += n;
  position_ += n;
  return n;
}

Result<void> TarReader::take_all(std::span<char> into, std::string_view what) {
  while (!into.empty()) {
    OBS_TRY_ASSIGN(const std::size_t n, take(into));
    if (n == 0) {
      return fail(Code::integrity,
                  fmt::format("the archive ended early at byte {}, in {}", position_, what));
    }
    into = into.subspan(n);
  }
  return {};
}

Result<void> TarReader::skip(std::uint64_t bytes) {
  std::array<char, k_chunk> away;
  while (bytes > 0) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, away.size()));
    OBS_TRY(take_all(std::span(away).first(n), fmt::format("'{}'", printable(last_))));
    bytes -= n;
  }
  return {};
}

// Bytes of a header and what fills up its last block. The size was compared with a limit before.
Result<std::string> TarReader::take_records(std::uint64_t size, std::string_view what) {
  std::string out(padded(size), '\0');
  OBS_TRY(take_all(out, what));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

// Nothing when the block is one of zeros.
Result<std::optional<RawHeader>> TarReader::header() {
  const std::uint64_t at = position_;
  std::array<char, k_block> block;
  const std::string behind =
      last_.empty() ? "its first header" : fmt::format("a header behind '{}'", printable(last_));
  OBS_TRY(take_all(block, behind));
  const std::string_view bytes(block.data(), block.size());
  if (all_zero(bytes)) {
    return std::nullopt;
  }
  auto out = parse_block(bytes);
  if (!out) {
    return damaged(at, out.error());
  }
  return std::move(*out);
}

Result<void> TarReader::end_of_archive() {
  std::array<char, k_chunk> rest;
  OBS_TRY(take_all(std::span(rest).first(k_block), "the zeros that end it"));
  if (!all_zero(std::string_view(rest.data(), k_block))) {
    return damaged(position_ - k_block, "follows a single block of zeros");
  }
  for (;;) {
    const std::uint64_t at = position_;
    OBS_TRY_ASSIGN(const std::size_t n, take(rest));
    if (n == 0) {
      ended_ = true;
      return {};
    }
    if (!all_zero(std::string_view(rest.data(), n))) {
      return fail(Code::integrity, fmt::format("there is something behind the end of the archive, "
                                               "in the {} bytes at byte {}",
                                               n, at));
    }
  }
}

// False for a header that is an entry of its own.
Result<bool> TarReader::extension(const RawHeader& header, Extensions& extensions) {
  const std::uint64_t at = position_ - k_block;
  const bool pax = header.type == 'x' || header.type == 'g';
  if (!pax && header.type != 'L' && header.type != 'K') {
    return false;
  }
  if (header.size > (pax ? k_most_records : k_most_name) ||
      ++extensions.count > k_most_extensions) {
    return damaged(at, "is longer than any that makes sense");
  }
  OBS_TRY_ASSIGN(std::string bytes, take_records(header.size, "the header of an entry"));
  if (!pax) {
    bytes.resize(std::min(bytes.find('\0'), bytes.size()));
    (header.type == 'L' ? extensions.path : extensions.link) = std::move(bytes);
    return true;
  }
  auto records = parse_records(bytes);
  if (!records) {
    return damaged(at, "has records that are none");
  }
  if (header.type == 'x') {
    extensions.records = std::move(*records);
  } else if (records->size() != records->count("comment")) {
    return damaged(at, "speaks about all entries, which nothing does that obsctl knows");
  }
  return true;
}

// The numbers in front of the content: how many extents, then two for each. Taken block by block, so
// that a false count costs nothing.
Result<std::vector<std::uint64_t>> TarReader::sparse_numbers(std::uint64_t stored) {
  std::vector<std::uint64_t> numbers;
  std::string text;
  std::uint64_t wanted = 1;
  const std::uint64_t at = position_;
  for (std::uint64_t taken = 0; numbers.size() < wanted; taken += k_block) {
    if (taken + k_block > stored) {
      return damaged(at, "is a map of holes that does not end");
    }
    OBS_TRY_ASSIGN(const std::string block, take_records(k_block, "a map of holes"));
    text += block;
    std::size_t begin = 0;
    for (auto line = text.find('\n'); line != std::string::npos && numbers.size() < wanted;
         line = text.find('\n', begin)) {
      std::uint64_t value = 0;
      if (!parse_decimal(std::string_view(text).substr(begin, line - begin), value) ||
          (numbers.empty() && value > k_most_extents)) {
        return damaged(at, "is a map of holes with something that is no number");
      }
      numbers.push_back(value);
      wanted = 1 + 2 * numbers.front();
      begin = line + 1;
    }
    text.erase(0, begin);
  }
  numbers.erase(numbers.begin());
  return numbers;
}

Result<void> TarReader::sparse(const PaxRecords& records, std::uint64_t stored, Member& out) {
  const std::uint64_t at = position_;
  const auto major = records.find(k_sparse_major);
  const auto minor = records.find(k_sparse_minor);
  if (major == records.end() || minor == records.end() || major->second != "1" ||
      minor->second != "0" || out.entry.type != EntryType::file) {
    return damaged(at, "has holes in a format other than GNU's 1.0");
  }
  if (!records.contains(k_sparse_size) || !number_from(records, k_sparse_size, out.entry.size) ||
      !text_from(records, k_sparse_name, out.entry.path)) {
    return damaged(at, "has holes and not the size of the file");
  }
  last_ = out.entry.path;
  OBS_TRY_ASSIGN(const auto numbers, sparse_numbers(stored));
  auto extents = extents_of(numbers, out.entry.size);
  out.data = extents.value_or(std::vector<Extent>{});
  if (!extents || out.stored() != stored - (position_ - at)) {
    return damaged(at, "is a map of holes that does not fit the file");
  }
  return {};
}

Result<Member> TarReader::member(const RawHeader& header, const Extensions& extensions) {
  const std::uint64_t at = position_ - k_block;
  const auto type = type_of(header.type);
  if (!type) {
    return damaged(at, fmt::format("is of a type that obsctl does not know: {}",
                                   printable(std::string_view(&header.type, 1))));
  }
  Member out;
  Entry& entry = out.entry;
  entry.path = extensions.path.value_or(header.path);
  entry.link = extensions.link.value_or(header.link);
  entry.mode = header.mode;
  entry.uid = header.uid;
  entry.gid = header.gid;
  entry.mtime_ns = nanoseconds(header.mtime);
  entry.device_major = header.device_major;
  entry.device_minor = header.device_minor;
  std::uint64_t stored = header.size;
  if (const auto wrong = apply(extensions.records, entry, stored); !wrong.empty()) {
    return damaged(at, fmt::format("has a wrong record '{}'", wrong));
  }
  const bool slash = entry.path.ends_with('/');
  entry.type = *type == EntryType::file && slash ? EntryType::directory : *type;
  const bool file = entry.type == EntryType::file;
  if (!file && stored > 0) {
    return damaged(at, "has content and is no file");
  }
  // Whole blocks behind it must not run over the number of the last byte.
  if (stored > std::numeric_limits<std::uint64_t>::max() / 4 - position_) {
    return damaged(at, "has an impossible size");
  }
  if (has_sparse(extensions.records)) {
    OBS_TRY(sparse(extensions.records, stored, out));
  } else if (file) {
    entry.size = stored;
    out.data = whole(stored);
  }
  entry.path = without_slash(std::move(entry.path));
  if (entry.type == EntryType::hardlink) {
    entry.link = without_slash(std::move(entry.link));
  }
  return out;
}

Result<std::optional<Member>> TarReader::next() {
  if (ended_) {
    return std::nullopt;
  }
  OBS_TRY(skip(left_ + padding_));
  left_ = padding_ = 0;
  Extensions extensions;
  const std::uint64_t at = position_;
  for (;;) {
    OBS_TRY_ASSIGN(const std::optional<RawHeader> raw, header());
    if (!raw) {
      if (extensions.count > 0) {
        return damaged(at, "belongs to no entry");
      }
      OBS_TRY(end_of_archive());
      return std::nullopt;
    }
    OBS_TRY_ASSIGN(const bool extends, extension(*raw, extensions));
    if (extends) {
      continue;
    }
    OBS_TRY_ASSIGN(Member out, member(*raw, extensions));
    last_ = out.entry.path;
    out.entry.offset = at;
    left_ = out.stored();
    padding_ = padded(left_) - left_;
    return out;
  }
}

Result<std::size_t> TarReader::read(std::span<char> into) {
  if (left_ == 0 || into.empty()) {
    return std::size_t{0};
  }
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left_, into.size()));
  OBS_TRY_ASSIGN(const std::size_t n, take(into.first(most)));
  if (n == 0) {
    return fail(Code::integrity, fmt::format("the archive ended early at byte {}, in '{}'",
                                             position_, printable(last_)));
  }
  left_ -= n;
  return n;
}

}  // namespace obsctl::archive
