// SPDX-License-Identifier: Apache-2.0
// Puts volumes of a set into a directory: verified before anything is touched, written beside its
// place, compared with the index, then moved by a rename, so that no volume is ever half restored.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lib/backup/journal.hpp"
#include "lib/backup/repository.hpp"
#include "lib/backup/services.hpp"

namespace obsctl::backup {

struct RestoreOptions {
  std::filesystem::path target;           // absolute; each volume becomes a directory in it
  std::vector<std::string> volumes = {};  // empty: all
  std::vector<std::string> files = {};    // paths in a volume; empty: everything
  bool replace = false;                   // what is at the place of a volume is set aside
};

struct RestoreItem {
  std::string volume;
  std::filesystem::path place = {};
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  bool occupied = false;                // something is there
  std::vector<std::string> files = {};  // as the archive names them; empty: everything
};

struct RestorePlan {
  std::string set;
  Time from;  // when the set was begun
  std::filesystem::path target;
  std::vector<RestoreItem> items = {};
  std::uint64_t bytes = 0;
  std::optional<Duration> estimate = {};  // by the last restore that was measured
  std::vector<std::string> warnings = {};

  [[nodiscard]] bool touches() const;  // something that is there is moved
};

// Touches nothing. Errors: a volume or file that is not in the set (Code::usage); a place that is
// occupied without `replace`; the disk is too small; a restore into the same directory is open.
[[nodiscard]] Result<RestorePlan> plan_restore(const Repository& repository,
                                               const std::vector<StoredSet>& sets,
                                               const StoredSet& set, const RestoreOptions& options);

struct Restored {
  std::string id;
  Duration took;
  std::uint64_t entries = 0;  // compared with the index after they were written
  std::vector<std::filesystem::path> places = {};
  std::vector<std::filesystem::path> safety_copies = {};
  std::vector<std::string> problems = {};  // what the file system could not take
};

// For the holder of the lock; without `journaled` the repository cannot be written to. Errors: the set
// is damaged (Code::integrity) or the disk is full, and nothing was touched; moving failed, and the
// journal says how to complete or undo it.
[[nodiscard]] Result<Restored> restore(Services& services, Repository& repository,
                                       const StoredSet& set, const RestorePlan& plan,
                                       bool journaled);

enum class Settle { complete, undo };

// Completes or undoes what a killed restore into `target` has begun. Nothing, when none has.
// Errors: what is there now is not what the journal says.
[[nodiscard]] Result<std::optional<Journal>> settle(Repository& repository,
                                                    const std::filesystem::path& target,
                                                    Settle how);

}  // namespace obsctl::backup
