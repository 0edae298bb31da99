// SPDX-License-Identifier: Apache-2.0
// The lock of a repository: one run that changes it, or several that read sets. The kernel releases
// it with its process, so that a run that was killed never blocks the next one.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/fd.hpp"
#include "lib/io/os_directory.hpp"

namespace obsctl::backup {

// changing: nobody else has the lock. reading: no set is removed or added meanwhile.
enum class LockKind { changing, reading };

class RepositoryLock {
 public:
  explicit RepositoryLock(Fd fd) : fd_(std::move(fd)) {}

 private:
  Fd fd_;  // closing it releases the lock
};

// Waits up to `patience` for another run. Errors: it is still held (Code::unreachable, with the pid
// of the holder and since when); `stop` was raised. A repository on a disk that cannot be written to
// is not locked for reading: nobody can change it.
[[nodiscard]] Result<RepositoryLock> lock_repository(const OsDirectory& root,
                                                     const std::filesystem::path& path,
                                                     LockKind kind, Duration patience, Clock& clock,
                                                     const StopFlag& stop);

}  // namespace obsctl::backup
