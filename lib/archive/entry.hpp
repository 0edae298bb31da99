// SPDX-License-Identifier: Apache-2.0
// What an archive holds of one name in a tree. Sources make entries, the index lists them, sinks
// restore them, and all of them mean the same by it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"

namespace obsctl::archive {

// The tree's own top directory; everything else is below it. An engine that unpacks into the parent
// of a volume's mount point restores owner and mode of the volume itself only with such a name.
inline constexpr std::string_view k_top = "data";

enum class EntryType : std::uint8_t {
  file,
  directory,
  symlink,
  hardlink,  // a further name of a file that came before
  fifo,
  character_device,
  block_device,
};
constexpr auto names_of(EntryType /*type*/) {
  return std::to_array<Named<EntryType>>({{EntryType::file, "file"},
                                          {EntryType::directory, "directory"},
                                          {EntryType::symlink, "symlink"},
                                          {EntryType::hardlink, "hardlink"},
                                          {EntryType::fifo, "fifo"},
                                          {EntryType::character_device, "character-device"},
                                          {EntryType::block_device, "block-device"}});
}

struct Entry {
  std::string path;  // "data" or "data/…", raw bytes, no slash at the end
  EntryType type = EntryType::file;
  std::uint32_t mode = 0;  // permission bits with setuid, setgid and sticky
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime_ns = 0;  // since 1970
  std::uint64_t size = 0;     // of a file's content with its holes; 0 of anything else
  std::string link;           // where a symlink leads; the path of the file that a hard link is
  std::map<std::string, std::string> xattrs;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  // Known once the content was read.
  std::string sha256;        // of a file's content, holes as zeros; empty of anything else
  std::uint64_t offset = 0;  // of its first header in the tar stream

  bool operator==(const Entry&) const = default;
};

// A part of a file that is no hole.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool operator==(const Extent&) const = default;
};

// An entry on its way into an archive or out of one, and which bytes of its content follow.
struct Member {
  Entry entry;
  std::vector<Extent> data;  // ascending; one of the whole size when the file has no holes

  // How many bytes of content follow.
  [[nodiscard]] std::uint64_t stored() const;
};

// One extent of the whole file; none of an empty one.
[[nodiscard]] std::vector<Extent> whole(std::uint64_t size);

enum class Gravity : std::uint8_t {
  note,        // worth saying: a socket that no archive can hold, a setuid program
  incomplete,  // the archive lacks something that was there
  refused,     // must not be unpacked
};
constexpr auto names_of(Gravity /*gravity*/) {
  return std::to_array<Named<Gravity>>({{Gravity::note, "note"},
                                        {Gravity::incomplete, "incomplete"},
                                        {Gravity::refused, "refused"}});
}

// Something about one path that a person has to know.
struct Problem {
  Gravity gravity = Gravity::note;
  std::string path;  // raw bytes
  std::string what;  // behind the path: "vanished before it was read"

  // "'data/x' vanished before it was read", fit to be shown.
  [[nodiscard]] std::string str() const;
  bool operator==(const Problem&) const = default;
};

[[nodiscard]] bool any(const std::vector<Problem>& problems, Gravity gravity);

// Called with how many bytes of the tar stream are done; an error stops the work and is its result.
using Progress = std::function<Result<void>(std::uint64_t bytes)>;

}  // namespace obsctl::archive
