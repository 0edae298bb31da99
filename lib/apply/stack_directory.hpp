// SPDX-License-Identifier: Apache-2.0
// A generated directory on disk: reads its state, and changes it so that a kill at any moment
// leaves, after the next obsctl, exactly the old or exactly the new files.
//
// A directory that does not exist is built beside its place under a temporary name and renamed. An
// existing one is changed through .obsctl: new files are staged in .obsctl/staging and made
// durable, then .obsctl/journal.json is written in one step (the commit point), then everything is
// moved into place. Who opens a directory with a journal completes it; staging without a journal is
// discarded.
//
// An existing directory may come from anybody. It is opened once, and everything happens beneath
// that one open directory; what could send a write elsewhere, or could stop a change half-way, is
// an error before anything is changed.
//
// Not thread-safe. Between processes a lock on .obsctl/lock keeps two writers apart.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "lib/apply/manifest.hpp"
#include "lib/apply/plan.hpp"
#include "lib/io/filesystem.hpp"

namespace obsctl::apply {

enum class Access { read_only, read_write };

class StackDirectory {
 public:
  // Opens `dir` (absolute), which need not exist. With Access::read_write takes the lock and
  // completes or discards an interrupted change first. Errors: locked by another process, a damaged
  // manifest, a journal that was not written here, not readable.
  [[nodiscard]] static Result<StackDirectory> open(FileSystem& files, std::filesystem::path dir,
                                                   Access access);

  [[nodiscard]] const std::filesystem::path& path() const { return dir_; }
  [[nodiscard]] const std::optional<Manifest>& manifest() const { return manifest_; }
  // True when opening completed a change that an earlier process had committed.
  [[nodiscard]] bool recovered() const { return recovered_; }
  // With Access::read_only: an interrupted change waits for completion.
  [[nodiscard]] bool interrupted() const { return interrupted_; }

  // What is on disk at the paths of `wanted` and of the manifest, and beside them. Errors, all of
  // them at once: a link, a pipe or device, another file system, or a file that obsctl did not
  // generate where a directory is needed.
  [[nodiscard]] Result<DiskState> read(const FileTree& wanted) const;

  // Executes a plan. On an error before the commit point nothing has changed; after it the message
  // says that the next run completes the change. `version` is recorded in the manifest.
  [[nodiscard]] Result<void> apply(const Plan& plan, const std::string& version);

 private:
  StackDirectory(FileSystem& files, std::filesystem::path dir)
      : files_(&files), dir_(std::move(dir)) {}

  Result<void> open_existing(Access access);
  Result<void> take_lock();
  [[nodiscard]] bool is_leaving(const std::filesystem::path& path) const;
  [[nodiscard]] Result<std::optional<FileInfo>> look(const std::filesystem::path& path) const;
  Result<void> create(const FileTree& wanted, const Plan& plan, const Manifest& next);
  Result<void> change(const FileTree& wanted, const Plan& plan, const Manifest& next);
  Result<void> stage(const FileTree& wanted, const Plan& plan, const Manifest& next);

  FileSystem* files_;
  std::filesystem::path dir_;
  std::unique_ptr<Directory> root_;  // none: it does not exist yet
  std::unique_ptr<FileLock> lock_;
  std::optional<Manifest> manifest_;
  bool recovered_ = false;
  bool interrupted_ = false;
};

}  // namespace obsctl::apply
