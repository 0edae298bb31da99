// SPDX-License-Identifier: Apache-2.0
// Writes what stands before the content of an entry. Everything is in the old header as far as it
// fits, so that most entries are one block and a tool that knows no pax gets far.
#include "lib/archive/tar_header.hpp"

#include <fmt/format.h>

#include "lib/archive/tar_fields.hpp"
#include "lib/base/utf8.hpp"

namespace obsctl::archive {
namespace {

constexpr std::int64_t k_second = 1'000'000'000;

// The largest number that the digits of a field can say.
constexpr std::uint64_t most(Field field) {
  return (std::uint64_t{1} << (3U * (field.length - 1))) - 1;
}

void put(std::string& header, Field field, std::string_view text) {
  header.replace(field.at, text.size(), text);
}

void put_number(std::string& header, Field field, std::uint64_t number) {
  put(header, field, fmt::format("{:0{}o}", number > most(field) ? 0 : number, field.length - 1));
}

void put_sum(std::string& header) {
  put(header, k_sum, std::string(k_sum.length, ' '));
  unsigned sum = 0;
  for (const char c : header) {
    sum += static_cast<unsigned char>(c);
  }
  put(header, k_sum, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
}

// Where the name begins behind a folder that fits into the prefix; nothing when the path does not
// fit. A slash at the end of a directory belongs to its name.
std::optional<std::size_t> split_of(std::string_view path) {
  if (path.size() <= k_name.length) {
    return 0;
  }
  const auto slash = path.find('/', path.size() - k_name.length - 1);
  return slash == std::string_view::npos || slash > k_prefix.length || slash == 0 ||
                 slash + 1 == path.size()
             ? std::nullopt
             : std::optional(slash + 1);
}

void put_path(std::string& header, std::string_view path) {
  if (const auto split = split_of(path)) {
    put(header, k_name, path.substr(*split));
    put(header, k_prefix, path.substr(0, *split == 0 ? 0 : *split - 1));
  } else {
    put(header, k_name, path.substr(0, k_name.length));  // a pax record has the whole of it
  }
}

char type_of(EntryType type) {
  switch (type) {
    case EntryType::hardlink: return '1';
    case EntryType::symlink: return '2';
    case EntryType::character_device: return '3';
    case EntryType::block_device: return '4';
    case EntryType::directory: return '5';
    case EntryType::fifo: return '6';
    default: return '0';
  }
}

// "LENGTH KEY=VALUE\n", where the length counts its own digits.
void add_record(std::string& records, std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (length != rest + fmt::formatted_size("{}", length)) {
    length = rest + fmt::formatted_size("{}", length);
  }
  records += fmt::format("{} {}=", length, key);
  records += value;
  records += '\n';
}

std::string pax_time(std::int64_t ns) {
  // Without abs(): the smallest number has no opposite.
  const auto magnitude =
      ns < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  return fmt::format("{}{}.{:09}", ns < 0 ? "-" : "", magnitude / k_second, magnitude % k_second);
}

bool fits_time(std::int64_t ns) {
  return ns >= 0 && ns % k_second == 0 && static_cast<std::uint64_t>(ns / k_second) <= most(k_time);
}

std::string name_of(const Entry& entry) {
  return entry.type == EntryType::directory ? entry.path + '/' : entry.path;
}

// The list of extents in front of the content: lines of decimal digits, filled up to a block. A file
// that ends in a hole has an empty extent at its end.
std::string sparse_map(const Member& member) {
  std::string lines;
  std::size_t count = member.data.size();
  for (const Extent& extent : member.data) {
    lines += fmt::format("{}\n{}\n", extent.offset, extent.size);
  }
  if (member.data.empty() ||
      member.data.back().offset + member.data.back().size < member.entry.size) {
    lines += fmt::format("{}\n0\n", member.entry.size);
    ++count;
  }
  std::string out = fmt::format("{}\n{}", count, lines);
  out.resize(padded(out.size()), '\0');
  return out;
}

// A name that is no UTF-8 needs the record that says so where it stands in a record; GNU tar takes
// such names anyway and mentions the record that it does not know.
void add_text(std::string& records, std::string_view key, std::string_view value, bool& binary) {
  add_record(records, key, value);
  binary = binary || !is_utf8(value);
}

std::string names_for(const Member& member) {
  std::string out;
  bool binary = false;
  const Entry& entry = member.entry;
  const std::string path = name_of(entry);
  if (is_sparse(member)) {
    add_record(out, k_sparse_major, "1");
    add_record(out, k_sparse_minor, "0");
    add_text(out, k_sparse_name, path, binary);
    add_record(out, k_sparse_size, std::to_string(entry.size));
  } else if (!split_of(path)) {
    add_text(out, k_pax_path, path, binary);
  }
  if (entry.link.size() > k_link.length) {
    add_text(out, k_pax_link, entry.link, binary);
  }
  std::string charset;
  if (binary) {
    add_record(charset, k_pax_charset, "BINARY");
  }
  return charset + out;
}

std::string records_for(const Member& member, std::uint64_t size) {
  const Entry& entry = member.entry;
  std::string out = names_for(member);
  if (size > most(k_size)) {
    add_record(out, k_pax_size, std::to_string(size));
  }
  if (entry.uid > most(k_uid)) {
    add_record(out, k_pax_uid, std::to_string(entry.uid));
  }
  if (entry.gid > most(k_gid)) {
    add_record(out, k_pax_gid, std::to_string(entry.gid));
  }
  if (!fits_time(entry.mtime_ns)) {
    add_record(out, k_pax_mtime, pax_time(entry.mtime_ns));
  }
  if (entry.device_major > most(k_major)) {
    add_record(out, k_pax_major, std::to_string(entry.device_major));
  }
  if (entry.device_minor > most(k_minor)) {
    add_record(out, k_pax_minor, std::to_string(entry.device_minor));
  }
  for (const auto& [name, value] : entry.xattrs) {
    add_record(out, k_pax_xattr + xattr_keyword(name), value);
  }
  return out;
}

std::string block(char type, std::string_view path, std::uint64_t size) {
  std::string out(k_block, '\0');
  put_path(out, path);
  put_number(out, k_size, size);
  put(out, k_type, std::string_view(&type, 1));
  put(out, k_magic, std::string_view("ustar\0", 6));
  put(out, k_version, "00");
  return out;
}

std::string pax_header(std::string records) {
  std::string out = block('x', "PaxHeaders/entry", records.size());
  put_number(out, k_mode, 0600);
  put_number(out, k_uid, 0);
  put_number(out, k_gid, 0);
  put_number(out, k_time, 0);
  put_sum(out);
  records.resize(padded(records.size()), '\0');
  return out + records;
}

}  // namespace

bool is_sparse(const Member& member) {
  return member.entry.type == EntryType::file && member.data != whole(member.entry.size);
}

std::string xattr_keyword(std::string_view name) {
  return replace_all(replace_all(std::string(name), "%", "%25"), "=", "%3D");
}

std::string xattr_name(std::string_view keyword) {
  return replace_all(replace_all(std::string(keyword), "%3D", "="), "%25", "%");
}

std::string header_of(const Member& member) {
  const Entry& entry = member.entry;
  const std::string map = is_sparse(member) ? sparse_map(member) : "";
  const std::uint64_t size = map.size() + member.stored();
  const std::string records = records_for(member, size);
  std::string header = block(type_of(entry.type), name_of(entry), size);
  put_number(header, k_mode, entry.mode);
  put_number(header, k_uid, entry.uid);
  put_number(header, k_gid, entry.gid);
  put_number(header, k_time,
             static_cast<std::uint64_t>(entry.mtime_ns < 0 ? 0 : entry.mtime_ns / k_second));
  put(header, k_link, std::string_view(entry.link).substr(0, k_link.length));
  put_number(header, k_major, entry.device_major);
  put_number(header, k_minor, entry.device_minor);
  put_sum(header);
  return (records.empty() ? "" : pax_header(records)) + header + map;
}

}  // namespace obsctl::archive
