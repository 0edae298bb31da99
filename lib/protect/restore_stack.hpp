// SPDX-License-Identifier: Apache-2.0
// Puts the volumes of a set back into a stack that Compose runs. The engine cannot exchange one
// volume for another, so each is removed and made again; what keeps that safe is what comes before:
// the whole set was read back, the safety backup was verified, the journal was written.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/backup/repository.hpp"
#include "lib/backup/services.hpp"
#include "lib/io/process.hpp"
#include "lib/protect/restore_journal.hpp"
#include "lib/protect/still_volume.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::protect {

struct StackRestorePlan {
  struct Item {
    std::string name;  // in the set
    engine::VolumeFacts volume;
    bool exists = false;  // its content is replaced; otherwise it is made
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
  };
  std::string set;
  Time from;
  std::vector<Item> items = {};
  std::uint64_t bytes = 0;
  std::vector<std::string> warnings = {};

  [[nodiscard]] bool replaces() const;  // some volume that is there
};

// Whether a set was made of the volumes that this stack has. One of a stack with another name can be
// restored all the same, by its name.
[[nodiscard]] bool is_of_stack(const backup::StoredSet& set, const stack::Stack& stack);

struct StackRestoreOptions {
  std::vector<std::string> only =
      {};              // names of volumes; empty: all of the stack that are in the set
  bool older = false;  // also where the stack's component is older than the one that wrote the data
};

// Touches nothing. Errors: a name that set or stack do not know (Code::usage), a volume that
// containers outside of the stack use, data of a newer component, each named.
[[nodiscard]] Result<StackRestorePlan> plan_stack_restore(Engine& engine, const stack::Stack& stack,
                                                          const backup::StoredSet& set,
                                                          const StackRestoreOptions& options);

struct StackRestored {
  Duration took;              // without the proof before and the start behind
  std::uint64_t entries = 0;  // compared with the index after they were written
};

// Removes the stack's containers, makes the volumes of the journal that are not done, fills them,
// reads them back against the index and starts the stack. The set was verified before. The journal
// stays when something fails, and a second call goes on from there.
[[nodiscard]] Result<StackRestored> restore_stack(backup::Services& services, Engine& engine,
                                                  Processes& processes,
                                                  const backup::Repository& repository,
                                                  const backup::StoredSet& set,
                                                  const stack::Stack& stack,
                                                  RestoreJournal journal);

}  // namespace obsctl::protect
