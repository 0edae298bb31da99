// SPDX-License-Identifier: Apache-2.0
// Blocks of 512 bytes: a header with numbers in octal digits, then the bytes of the file.
#include "lib/bundle/tar.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>

#include "lib/base/text.hpp"

namespace obsctl::bundle {
namespace {

constexpr std::size_t k_block = 512;
constexpr std::uint64_t k_most = std::uint64_t{1} << 33U;  // what 11 octal digits can say

struct Field {
  std::size_t at;
  std::size_t length;
};
constexpr Field k_name = {0, 100};
constexpr Field k_mode = {100, 8};
constexpr Field k_uid = {108, 8};
constexpr Field k_gid = {116, 8};
constexpr Field k_size = {124, 12};
constexpr Field k_time = {136, 12};
constexpr Field k_sum = {148, 8};
constexpr Field k_type = {156, 1};
constexpr Field k_magic = {257, 8};
constexpr Field k_prefix = {345, 155};

using Header = std::string;

void put(Header& header, Field field, std::string_view text) {
  header.replace(field.at, text.size(), text);
}

void put_number(Header& header, Field field, std::uint64_t number) {
  put(header, field, fmt::format("{:0{}o}", number, field.length - 1));
}

// Of all bytes of the header, with spaces for the sum itself.
std::uint64_t sum_of(std::string_view header) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool own = i >= k_sum.at && i < k_sum.at + k_sum.length;
    out += own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return out;
}

// Where the name begins behind a folder that fits into the prefix.
std::optional<std::size_t> split_of(std::string_view path) {
  if (path.size() <= k_name.length) {
    return 0;
  }
  const auto slash = path.find('/', path.size() - k_name.length - 1);
  return slash == std::string_view::npos || slash > k_prefix.length || slash == 0
             ? std::nullopt
             : std::optional(slash + 1);
}

std::string_view text_in(std::string_view header, Field field) {
  const std::string_view out = header.substr(field.at, field.length);
  return out.substr(0, out.find('\0'));
}

std::optional<std::uint64_t> number_in(std::string_view header, Field field) {
  const std::string_view digits = trim(text_in(header, field));
  std::uint64_t out = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 8);
  return error == std::errc{} && rest == digits.data() + digits.size() ? std::optional(out)
                                                                       : std::nullopt;
}

std::size_t padded(std::uint64_t size) {
  return static_cast<std::size_t>((size + k_block - 1) / k_block * k_block);
}

Failure no_archive(std::string_view why) {
  return fail(Code::config, fmt::format("it is no tar archive: {}", why));
}

}  // namespace

Result<void> TarWriter::add(std::string_view path, std::string_view bytes) {
  const auto split = split_of(path);
  if (!split || bytes.size() >= k_most) {
    return fail(Code::failed, fmt::format("'{}' does not fit into a tar archive", path));
  }
  Header header(k_block, '\0');
  put(header, k_name, path.substr(*split));
  put(header, k_prefix, path.substr(0, *split == 0 ? 0 : *split - 1));
  put_number(header, k_mode, 0600);
  put_number(header, k_uid, 0);
  put_number(header, k_gid, 0);
  put_number(header, k_size, bytes.size());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at_.time_since_epoch());
  put_number(header, k_time,
             static_cast<std::uint64_t>(std::max<std::int64_t>(seconds.count(), 0)));
  put(header, k_type, "0");
  put(header, k_magic, std::string_view("ustar\00000", 8));
  put(header, k_sum, fmt::format("{:06o}", sum_of(header)) + std::string("\0 ", 2));
  out_ += header;
  out_ += bytes;
  out_.resize(padded(out_.size()), '\0');
  return {};
}

std::string TarWriter::finish() && {
  out_.append(2 * k_block, '\0');
  return std::move(out_);
}

Result<std::optional<std::string_view>> find_in_tar(std::string_view archive,
                                                    std::string_view name) {
  bool first = true;
  while (archive.size() >= k_block) {
    const std::string_view header = archive.substr(0, k_block);
    archive.remove_prefix(k_block);
    if (header.find_first_not_of('\0') == std::string_view::npos) {
      return std::nullopt;
    }
    const auto size = number_in(header, k_size);
    if (!size || number_in(header, k_sum) != sum_of(header)) {
      return no_archive(first ? "its header is not one" : "it is damaged");
    }
    first = false;
    if (*size > archive.size()) {
      return no_archive("it is cut short");
    }
    const std::string_view path = text_in(header, k_name);
    const char type = header[k_type.at];
    if ((type == '0' || type == '\0') && path.substr(path.rfind('/') + 1) == name) {
      return archive.substr(0, static_cast<std::size_t>(*size));
    }
    archive.remove_prefix(std::min(padded(*size), archive.size()));
  }
  if (first) {
    return no_archive("it is too short");
  }
  return std::nullopt;
}

}  // namespace obsctl::bundle
