// SPDX-License-Identifier: Apache-2.0
// The journal of a committed change: what has to happen so that the directory becomes the new one.
//
// Every step can be repeated: what has been moved or removed already is skipped. A journal is
// executed before anything is asked, so it counts only in the very directory it was written for: it
// names the inode and the birth of .obsctl, which no clone, copy or archive brings along.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/directory.hpp"

namespace obsctl::apply {

// Where the bookkeeping of a generated directory lives, relative to it.
namespace places {
inline constexpr auto own = ".obsctl";
inline constexpr auto lock = ".obsctl/lock";
inline constexpr auto manifest = ".obsctl/manifest.json";
inline constexpr auto journal = ".obsctl/journal.json";
inline constexpr auto staging = ".obsctl/staging";
inline constexpr auto staged_files = ".obsctl/staging/files";
inline constexpr auto staged_manifest = ".obsctl/staging/manifest.json";
inline constexpr auto staged_journal = ".obsctl/staging/journal.json";
}  // namespace places

// Tells one directory from every other, also after the machine was started again.
struct DirectoryIdentity {
  std::uint64_t inode = 0;
  std::int64_t born = 0;  // nanoseconds since 1970; 0 where the file system does not say

  bool operator==(const DirectoryIdentity&) const = default;
};

struct Journal {
  DirectoryIdentity own;  // of .obsctl
  std::vector<std::string> remove;
  std::vector<std::pair<std::string, FileMode>> directories;  // parents first
  std::vector<std::string> put;                               // staged below places::staged_files
};

[[nodiscard]] std::string print_journal(const Journal& journal);

// `file` names it in errors. Errors: not a journal of this version, a path that leaves the directory,
// a mode that obsctl gives to no directory.
[[nodiscard]] Result<Journal> parse_journal(std::string_view text, const std::string& file);

// The identity of the directory's .obsctl, which is there.
[[nodiscard]] Result<DirectoryIdentity> identify(const Directory& directory);

// The journal that waits in a directory; nothing where none does. `shown` names the directory in
// errors. Errors: another user or another directory is where it was written, or it is damaged; each
// says how to go on without it.
[[nodiscard]] Result<std::optional<Journal>> read_journal(const Directory& directory,
                                                          const std::filesystem::path& shown);

// Executes a journal that is on disk, then removes it and the staging directory.
[[nodiscard]] Result<void> finish(const Journal& journal, Directory& directory);

}  // namespace obsctl::apply
