// SPDX-License-Identifier: Apache-2.0
// Makes a set: copies volumes, publishes, reads back what was published, and only then is done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/backup/prune.hpp"
#include "lib/backup/repository.hpp"
#include "lib/backup/services.hpp"
#include "lib/backup/verify.hpp"
#include "lib/backup/volume.hpp"

namespace obsctl::backup {

struct CreateOptions {
  std::string group = {};    // empty: the names and places of the volumes
  std::string version = {};  // of this obsctl
  Level verify = Level::full;
  bool allow_partial = false;
  bool allow_empty = false;
  bool accept_shrink = false;
  std::uint64_t shrink_floor = 0;  // a volume that had less may shrink: queues and logs do
  std::optional<RetentionPolicy> retain = {};
};

// What a backup would do.
struct CreatePlan {
  struct Item {
    std::string name;
    std::string path;
    std::optional<std::uint64_t> bytes;  // to read; nothing when that is not known beforehand
  };
  std::vector<Item> volumes = {};
  std::uint64_t needed = 0;     // about how much will be stored
  std::uint64_t available = 0;  // on the disk of the repository
  std::string previous = {};    // the last good set of the same volumes
};

struct Created {
  StoredSet set;
  SetProof proof;
  std::optional<Pruned> pruned = {};
};

// Looks at volumes and disk. Errors: a volume cannot be read; the disk is too small for certain; a
// volume is less than half of what it was and that is not accepted.
[[nodiscard]] Result<CreatePlan> plan_backup(const Repository& repository,
                                             const std::vector<Volume>& volumes,
                                             const CreateOptions& options);

// For the holder of the lock. A set that is returned was published, and read back without a mistake;
// partial only where that is allowed. Errors leave no set behind, with one exception: a set that was
// published and does not pass is marked so and stays (Code::integrity).
[[nodiscard]] Result<Created> create(Services& services, Repository& repository,
                                     const std::vector<Volume>& volumes,
                                     const CreateOptions& options);

}  // namespace obsctl::backup
