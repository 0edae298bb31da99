// SPDX-License-Identifier: Apache-2.0
// How far the restore of a stack's volumes is: written before the first volume is touched, so that a
// restore that was killed can be completed, or undone from the safety backup.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/engine/volume.hpp"
#include "lib/io/filesystem.hpp"

namespace obsctl::protect {

struct RestoreRow {
  std::string name;            // of the volume in the set
  engine::VolumeFacts volume;  // how it is made again; there is a moment without it
  bool done = false;           // written, and compared with the index
  bool operator==(const RestoreRow&) const = default;
};

struct RestoreJournal {
  std::string repository;  // absolute
  std::string set;
  std::string safety = {};  // the set of what was there before; empty: none was made
  Time started;
  std::vector<RestoreRow> rows = {};
  bool operator==(const RestoreJournal&) const = default;
};

// .obsctl/restore.json in a stack's directory, schema obsctl.stack-restore/v1, mode 0600.
inline constexpr const char* k_restore_journal = ".obsctl/restore.json";

[[nodiscard]] std::string print_restore_journal(const RestoreJournal& journal);
// Errors (Code::integrity) name `file` and the first field that is wrong.
[[nodiscard]] Result<RestoreJournal> parse_restore_journal(std::string_view text,
                                                           const std::string& file);

// Of the stack in `directory`; nothing where no restore is open.
[[nodiscard]] Result<std::optional<RestoreJournal>> read_restore_journal(
    const FileSystem& files, const std::filesystem::path& directory);
[[nodiscard]] Result<void> write_restore_journal(FileSystem& files,
                                                 const std::filesystem::path& directory,
                                                 const RestoreJournal& journal);
[[nodiscard]] Result<void> close_restore_journal(FileSystem& files,
                                                 const std::filesystem::path& directory);

}  // namespace obsctl::protect
