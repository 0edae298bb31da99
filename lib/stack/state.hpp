// SPDX-License-Identifier: Apache-2.0
// What was done with a stack, beside what it is: the state file that backup, verify, restore and
// prune write and health reads.
//
// .obsctl/state.json, schema obsctl.state/v1, mode 0644: it holds times, names and paths, no
// secrets. Fields that this version does not know are kept.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/io/filesystem.hpp"

namespace obsctl::stack {

// A backup that was finished.
struct BackupRecord {
  Time at;
  std::string id;
  std::string repository;  // where it lies
  bool complete = true;    // false: some volume or file is missing in it
  bool operator==(const BackupRecord&) const = default;
};

// A backup that was read back (verify), or restored beside the stack and tried (drill).
struct ProofRecord {
  Time at;
  std::string id;  // of the backup
  bool passed = false;
  bool operator==(const ProofRecord&) const = default;
};

// Old backups that were removed.
struct PruneRecord {
  Time at;
  int removed = 0;
  int kept = 0;
  bool operator==(const PruneRecord&) const = default;
};

// A change of the stack that has begun and whose journal says how to complete or undo it.
struct JournalRecord {
  Time at;
  std::string operation;  // "restore"
  std::string file;       // the journal, absolute
  bool operator==(const JournalRecord&) const = default;
};

struct State {
  std::optional<BackupRecord> last_backup;
  std::optional<ProofRecord> last_verify;
  std::optional<ProofRecord> last_drill;
  std::optional<PruneRecord> last_prune;
  std::optional<JournalRecord> open_journal;
  nlohmann::ordered_json document = {};  // as it was read, with fields of other versions
};

// The state of the stack in `directory`; an empty one where nothing was done yet. Errors: the file
// is damaged (Code::integrity), or of another schema (Code::config).
[[nodiscard]] Result<State> read_state(const FileSystem& files,
                                       const std::filesystem::path& directory);

// Reads the state, lets `change` edit it and writes it back, under a lock and in one step: a kill
// at any moment leaves the old or the new file. Errors: those of read_state; another process is
// updating it; writing fails.
[[nodiscard]] Result<void> update_state(FileSystem& files, const std::filesystem::path& directory,
                                        const std::function<void(State&)>& change);

}  // namespace obsctl::stack
