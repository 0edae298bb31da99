// SPDX-License-Identifier: Apache-2.0
// What a restore is about to do, written before it does it, so that one that was killed can be
// completed or undone and its set is not removed meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/backup/repository.hpp"
#include "lib/base/choice.hpp"

namespace obsctl::backup {

// writing: nothing of the target was touched. moving: everything is written, compared and durable,
// and being moved into place.
enum class Phase { writing, moving };
constexpr auto names_of(Phase) {
  return std::to_array<Named<Phase>>({{Phase::writing, "writing"}, {Phase::moving, "moving"}});
}

struct JournalVolume {
  std::string name;
  bool set_aside = false;   // something is at its place and is kept as a safety copy
  std::uint64_t inode = 0;  // of the directory that was written; known when moving
  bool operator==(const JournalVolume&) const = default;
};

struct Journal {
  std::string id;   // of the restore
  std::string set;  // from which
  Time started;
  std::filesystem::path target;  // absolute
  Phase phase = Phase::writing;
  std::vector<JournalVolume> volumes = {};
  bool operator==(const Journal&) const = default;

  // Its name in the repository.
  [[nodiscard]] std::string file() const;
  // Where volumes are written, below `target`.
  [[nodiscard]] std::string work() const;
  // Where what was at the place of a volume is kept, below `target`.
  [[nodiscard]] std::string safety_copy(std::string_view volume) const;
};

[[nodiscard]] std::string print_journal(const Journal& journal);
// Errors (Code::integrity) name `file` and the first field that is wrong.
[[nodiscard]] Result<Journal> parse_journal(std::string_view text, const std::string& file);

[[nodiscard]] Result<std::vector<Journal>> open_journals(const Repository& repository);
Result<void> write_journal(const Repository& repository, const Journal& journal);
Result<void> close_journal(const Repository& repository, const Journal& journal);

}  // namespace obsctl::backup
