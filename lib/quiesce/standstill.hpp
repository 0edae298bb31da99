// SPDX-License-Identifier: Apache-2.0
// Stops the containers that write to a volume for as long as it is copied, and starts them again
// whatever happens to this process.
//
// Three things see to that: the end of the standstill, a companion process that acts when this one
// has died, and the journal, which the next run reads when both were killed or the host was
// restarted. Only containers that ran are started.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/companion.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/http.hpp"
#include "lib/quiesce/journal.hpp"

namespace obsctl::quiesce {

struct Parts {
  FileSystem& files;
  HttpClient& http;
  const Environment& environment;
  Clock& clock;
};

// Files in the directory of the journal.
inline constexpr const char* k_journal = "stopped.json";
inline constexpr const char* k_lock = "stopped.lock";

// Starts what an earlier run in this directory (absolute) left stopped, and returns it; the
// containers through which it read volumes are removed. Errors: a
// run that lives holds the journal (Code::unreachable); a container that cannot be started, with the
// journal left as it is.
[[nodiscard]] Result<std::vector<Stopped>> settle(const Parts& parts,
                                                  const std::filesystem::path& directory);

// What the companion does: waits until its input ends, then settles, for up to 15 minutes when the
// engine does not answer. Errors: of the last attempt.
[[nodiscard]] Result<void> keep_guard(const Parts& parts, const std::filesystem::path& directory,
                                      const StopFlag& never);

using StartCompanion =
    std::function<Result<std::unique_ptr<Companion>>(const std::filesystem::path& directory)>;

class Standstill {
 public:
  // Settles first. Nothing is stopped yet. `directory` exists and is absolute; the journal and the
  // lock lie there. Errors: those of settle().
  [[nodiscard]] static Result<std::unique_ptr<Standstill>> begin(
      const Parts& parts, const std::filesystem::path& directory, StartCompanion start_companion);

  // Starts them, when end() was not called; what fails then is left to the companion and the
  // journal.
  ~Standstill();
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;

  // Writes the journal, then stops the container. `grace` is the time it has to end by itself.
  [[nodiscard]] Result<void> stop(const Stopped& container, Duration grace);

  // Starts all of them, the last one first, and closes the journal. All are tried; the first error is
  // returned, and the journal stays for what could not be started.
  [[nodiscard]] Result<void> end();

 private:
  Standstill(const Parts& parts, std::filesystem::path directory, StartCompanion start_companion);

  Parts parts_;
  std::filesystem::path directory_;
  StartCompanion start_companion_;
  std::unique_ptr<Directory> root_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Companion> companion_;
  Journal journal_;
};

}  // namespace obsctl::quiesce
