// SPDX-License-Identifier: Apache-2.0
// Removes the sets that a policy does not keep.
#pragma once

#include <vector>

#include "lib/backup/repository.hpp"
#include "lib/backup/retention.hpp"
#include "lib/backup/services.hpp"

namespace obsctl::backup {

struct Pruned {
  std::vector<Verdict> verdicts;  // newest set first
  bool dry_run = false;

  [[nodiscard]] int removed() const;
  [[nodiscard]] int kept() const;
};

// For the holder of the lock. Before anything is removed, the newest set of each group that is
// complete and verified must still be there with its sizes. With `dry_run` nothing is removed.
// Errors: of reading open restores, of that check (Code::integrity), of removing; sets that were
// removed before stay so.
[[nodiscard]] Result<Pruned> prune(Services& services, Repository& repository,
                                   const RetentionPolicy& policy, bool dry_run);

}  // namespace obsctl::backup
