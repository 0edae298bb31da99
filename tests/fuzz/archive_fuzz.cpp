// SPDX-License-Identifier: Apache-2.0
// Tar streams and indexes of strangers. A stream that is taken can be written again and reads the same;
// what the policy lets pass stays below its top; a line of an index that is read is one that is written.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/archive/blob.hpp"
#include "lib/archive/frame_reader.hpp"
#include "lib/archive/index.hpp"
#include "lib/archive/policy.hpp"
#include "lib/archive/tar_reader.hpp"

namespace {

using namespace obsctl;
using namespace obsctl::archive;

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

ByteSource from(std::string_view text) {
  return [text](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t n = text.copy(into.data(), into.size());
    text.remove_prefix(n);
    return n;
  };
}

// A header that was read and is written again says the same.
void same_again(const Member& member) {
  const std::string header = header_of(member);
  TarReader reader(from(header));
  const auto again = reader.next();
  check(again.has_value() && again->has_value());
  Entry entry = (*again)->entry;
  entry.offset = member.entry.offset;
  check(entry == member.entry && (*again)->data == member.data);
}

void read_tar(std::string_view text) {
  Policy policy;
  TarReader reader(from(text));
  for (;;) {
    const auto member = reader.next();
    if (!member) {
      check(!member.error().message.empty());
      return;
    }
    if (!*member) {
      check(reader.position() == text.size());
      return;
    }
    const Entry& entry = (*member)->entry;
    check(entry.offset < text.size() && (*member)->stored() <= entry.size);
    if (any(policy.check(entry), Gravity::refused)) {
      continue;
    }
    check(entry.path == k_top || entry.path.starts_with("data/"));
    check(("/" + entry.path + "/").find("/../") == std::string::npos);
    same_again(**member);
  }
}

// Mutations rarely hit the sums of headers; with right ones they get further.
std::string with_sums(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; at + k_block <= out.size(); at += k_block) {
    if (out.compare(at + 257, 5, "ustar") != 0) {
      continue;
    }
    out.replace(at + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < k_block; ++i) {
      sum += static_cast<unsigned char>(out[at + i]);
    }
    for (std::size_t digit = 0; digit < 6; ++digit, sum /= 8) {
      out[at + 153 - digit] = static_cast<char>('0' + sum % 8);
    }
    out[at + 154] = '\0';
  }
  return out;
}

void read_index_of(std::string_view text) {
  if (const auto entry = parse_line(text)) {
    const auto again = parse_line(line_of(*entry));
    if (entry->type == EntryType::file) {
      check(again.has_value() && *again == *entry);
    }
  }
  static_cast<void>(parse_records(text));
  static_cast<void>(parse_pax_time(text));
}

void read_frames(std::string_view text) {
  const MemoryBlob blob{std::string(text)};
  FrameReader reader(blob, {.most = 1 << 20});
  std::string chunk(k_chunk, '\0');
  std::uint64_t bytes = 0;
  for (auto n = reader.read(chunk); n && *n > 0; n = reader.read(chunk)) {
    bytes += *n;
  }
  check(bytes <= 1 << 20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: read_tar(text); break;
    case 1: read_tar(with_sums(text)); break;
    case 2: read_index_of(text); break;
    default: read_frames(text);
  }
  return 0;
}
