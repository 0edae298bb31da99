// SPDX-License-Identifier: Apache-2.0
// A directory that holds backups: what marks it as one, which sets are in it, and how a set appears
// and goes, each by one rename, so that a kill at any moment leaves whole sets only.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/backup/lock.hpp"
#include "lib/backup/manifest.hpp"
#include "lib/backup/marks.hpp"
#include "lib/io/os_directory.hpp"
#include "lib/io/random.hpp"

namespace obsctl::backup {

// Sets that a restore made of what it replaced: their group begins with this.
inline constexpr std::string_view k_safety_group = "before-restore:";

// A set as it lies there.
struct StoredSet {
  std::string id;
  Manifest manifest = {};
  std::string manifest_sha256 = {};
  Marks marks = {};
  std::optional<Error> problem = {};  // why its manifest cannot be used; it is empty then

  // Read back after it was published, and passed.
  [[nodiscard]] bool verified() const;
  [[nodiscard]] bool failed_verification() const;
  // Complete, and read back without a mistake.
  [[nodiscard]] bool good() const;
  // What `latest` may mean: good, and not the safety backup of a restore.
  [[nodiscard]] bool latest() const;
};

class Repository {
 public:
  // Errors: no such directory (Code::missing); one without repo.json, which stays untouched
  // (Code::config); a newer format.
  [[nodiscard]] static Result<Repository> open(const std::filesystem::path& path);

  // True when nothing is there, or an empty directory.
  [[nodiscard]] static Result<bool> is_free(const std::filesystem::path& path);

  // Makes the directory, if it is missing, and marks it. Errors: something is in it.
  [[nodiscard]] static Result<Repository> init(const std::filesystem::path& path, Random& random);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // False on a disk that is mounted for reading only, or without the permission.
  [[nodiscard]] bool is_writable() const;
  [[nodiscard]] OsDirectory& directory() const { return *root_; }

  [[nodiscard]] Result<RepositoryLock> lock(LockKind kind, Duration patience, Clock& clock,
                                            const StopFlag& stop) const {
    return lock_repository(*root_, path_, kind, patience, clock, stop);
  }

  // All published sets, the newest first: by sequence, not by the clock. Directories with other names
  // are not looked into.
  [[nodiscard]] Result<std::vector<StoredSet>> sets() const;
  [[nodiscard]] StoredSet read_set(const std::string& id) const;

  // A set in the making: begin, create_file for each blob, publish or discard. The work area is closed
  // to everybody else; publish writes the manifest, makes all of it durable and gives it its place.
  Result<void> begin(const std::string& id);
  [[nodiscard]] Result<Fd> create_file(const std::string& id, const std::string& path);
  Result<void> remove_file(const std::string& id, const std::string& path);
  Result<void> publish(const Manifest& manifest);
  Result<void> discard(const std::string& id);

  // For the holder of the lock: removes what runs left that were killed, and says how many pieces.
  Result<int> reclaim();

  // Out of the listing by one rename, then deleted.
  Result<void> remove(const std::string& id);

  Result<void> write_marks(const std::string& id, const Marks& marks);

  // A file of a set for reading; no link is followed.
  [[nodiscard]] Result<Fd> open_file(const std::string& id, const std::string& path) const;

 private:
  Repository(std::unique_ptr<OsDirectory> root, std::filesystem::path path)
      : root_(std::move(root)), path_(std::move(path)) {}

  std::unique_ptr<OsDirectory> root_;
  std::filesystem::path path_;
};

// The set that `name` means: "latest", an id, or the beginning of exactly one. "latest" is the newest
// that is complete and verified. Errors (Code::missing): there is none; the beginning of several.
[[nodiscard]] Result<StoredSet> find_set(const std::vector<StoredSet>& sets, std::string_view name);

}  // namespace obsctl::backup
