// SPDX-License-Identifier: Apache-2.0
// Understands single blocks and records of a tar stream. They may come from anybody: what is not
// exactly right is an error, never a guess.
#include <charconv>
#include <limits>

#include "lib/archive/tar_fields.hpp"
#include "lib/archive/tar_header.hpp"

namespace obsctl::archive {
namespace {

template <class T>
std::optional<T> number(std::string_view digits, int base) {
  T out = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, out, base);
  return error == std::errc{} && rest == end && !digits.empty() ? std::optional(out) : std::nullopt;
}

std::string_view text_in(std::string_view block, Field field) {
  const std::string_view out = block.substr(field.at, field.length);
  return out.substr(0, out.find('\0'));
}

// GNU's numbers that do not fit into digits: the top bit is set, and the rest is the number, its
// highest byte first. Only those that fit into 63 bits are taken.
std::optional<std::int64_t> binary_number(std::string_view bytes) {
  const bool negative = bytes.front() == '\xff';
  if (!negative && bytes.front() != '\x80') {
    return std::nullopt;
  }
  std::uint64_t out = negative ? std::numeric_limits<std::uint64_t>::max() : 0;
  for (const char c : bytes.substr(1)) {
    if ((out >> 55U) != (negative ? 0x1ffU : 0U)) {
      return std::nullopt;
    }
    out = (out << 8U) | static_cast<unsigned char>(c);
  }
  return static_cast<std::int64_t>(out);
}

// Octal digits between spaces, or nothing at all, which is 0.
std::optional<std::int64_t> number_in(std::string_view block, Field field) {
  const std::string_view bytes = block.substr(field.at, field.length);
  if ((static_cast<unsigned char>(bytes.front()) & 0x80U) != 0) {
    return binary_number(bytes);
  }
  const std::string_view digits = trim(text_in(block, field));
  return digits.empty() ? std::optional<std::int64_t>(0) : number<std::int64_t>(digits, 8);
}

std::optional<std::uint32_t> small_in(std::string_view block, Field field) {
  const auto out = number_in(block, field);
  return out && *out >= 0 && *out <= std::numeric_limits<std::uint32_t>::max()
             ? std::optional(static_cast<std::uint32_t>(*out))
             : std::nullopt;
}

bool sum_is_right(std::string_view block) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= k_sum.at && i < k_sum.at + k_sum.length;
    sum += own ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return number_in(block, k_sum) == sum;
}

std::string path_in(std::string_view block) {
  const std::string_view name = text_in(block, k_name);
  // GNU's own format has other things where POSIX has the prefix; its magic ends in spaces.
  const bool posix = block.substr(k_magic.at, k_magic.length) == std::string_view("ustar\0", 6);
  const std::string_view prefix = posix ? text_in(block, k_prefix) : "";
  return prefix.empty() ? std::string(name) : std::string(prefix) + '/' + std::string(name);
}

}  // namespace

tl::expected<RawHeader, std::string> parse_block(std::string_view block) {
  using Wrong = tl::unexpected<std::string>;
  if (!sum_is_right(block)) {
    return Wrong("has a wrong sum");
  }
  if (!block.substr(k_magic.at, k_magic.length).starts_with("ustar")) {
    return Wrong("is none of the POSIX format");
  }
  RawHeader out;
  out.type = block[k_type.at];
  out.path = path_in(block);
  out.link = text_in(block, k_link);
  const auto mode = number_in(block, k_mode);
  const auto size = number_in(block, k_size);
  const auto mtime = number_in(block, k_time);
  const auto uid = small_in(block, k_uid);
  const auto gid = small_in(block, k_gid);
  const auto major = small_in(block, k_major);
  const auto minor = small_in(block, k_minor);
  if (!mode || !size || *size < 0 || !mtime || !uid || !gid || !major || !minor) {
    return Wrong("holds something that is no number");
  }
  out.mode = static_cast<std::uint32_t>(*mode & 07777);
  out.size = static_cast<std::uint64_t>(*size);
  out.mtime = *mtime;
  out.uid = *uid;
  out.gid = *gid;
  out.device_major = *major;
  out.device_minor = *minor;
  return out;
}

std::optional<PaxRecords> parse_records(std::string_view bytes) {
  PaxRecords out;
  while (!bytes.empty()) {
    const auto space = bytes.find(' ');
    const auto length = number<std::size_t>(bytes.substr(0, space), 10);
    if (space == std::string_view::npos || !length || *length <= space + 1 ||
        *length > bytes.size() || bytes[*length - 1] != '\n') {
      return std::nullopt;
    }
    const std::string_view record = bytes.substr(space + 1, *length - space - 2);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return std::nullopt;
    }
    out[std::string(record.substr(0, equals))] = record.substr(equals + 1);
    bytes.remove_prefix(*length);
  }
  return out;
}

std::optional<std::int64_t> parse_pax_time(std::string_view text) {
  constexpr std::int64_t k_second = 1'000'000'000;
  constexpr std::int64_t k_most = k_most_seconds;
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  const auto dot = text.find('.');
  const auto seconds = number<std::int64_t>(text.substr(0, dot), 10);
  std::string fraction(dot == std::string_view::npos ? "" : text.substr(dot + 1));
  if (fraction.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  fraction.resize(9, '0');
  const auto ns = number<std::int64_t>(fraction, 10);
  if (!seconds || !ns || *seconds < 0 || *seconds > k_most) {
    return std::nullopt;
  }
  const std::int64_t out = *seconds * k_second + *ns;
  return negative ? -out : out;
}

}  // namespace obsctl::archive
