// SPDX-License-Identifier: Apache-2.0
// Directory on the disk; the files of lib/io that make one share it.
#pragma once

#include <sys/types.h>

#include <span>
#include <utility>

#include "lib/io/directory.hpp"
#include "lib/io/fd.hpp"

namespace obsctl {

class OsDirectory final : public Directory {
 public:
  // `path` names it in errors.
  OsDirectory(Fd fd, std::filesystem::path path);

  [[nodiscard]] int fd() const { return fd_.get(); }

  // What is directly in `path`: the paths of the entries, and what they are.
  using Entries = std::vector<std::pair<std::filesystem::path, FileKind>>;
  [[nodiscard]] Result<Entries> entries(const std::filesystem::path& path) const;

  [[nodiscard]] Result<std::optional<FileInfo>> info(
      const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::string> read(const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::vector<std::filesystem::path>> list(
      const std::filesystem::path& path) const override;
  Result<void> make_directory(const std::filesystem::path& path, FileMode mode) override;
  Result<void> narrow(const std::filesystem::path& path, FileMode mode) override;
  Result<void> replace(const std::filesystem::path& path, std::string_view bytes,
                       FileMode mode) override;
  Result<void> stage(const std::filesystem::path& path, std::string_view bytes,
                     FileMode mode) override;
  Result<void> move(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> sync(const std::vector<std::filesystem::path>& paths) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> remove_tree(const std::filesystem::path& path) override;
  Result<void> remove_if_empty(const std::filesystem::path& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) override;

 private:
  // Where the last part of a path is looked up.
  struct Place {
    Fd parent;
    std::string name;
  };
  [[nodiscard]] Result<Place> find(std::string_view doing, const std::filesystem::path& path) const;
  [[nodiscard]] Result<Fd> open(std::string_view doing, const std::filesystem::path& path,
                                int flags) const;
  [[nodiscard]] Failure failure(std::string_view doing, const std::filesystem::path& path,
                                int error) const;
  [[nodiscard]] Failure is_link(const std::filesystem::path& path) const;
  [[nodiscard]] Failure not_a_file(const std::filesystem::path& path) const;
  Result<void> sync_batch(std::span<const std::filesystem::path> paths);

  Fd fd_;
  std::filesystem::path path_;
  dev_t device_ = 0;
};

// The directory that the user means by `path`: links in it are followed.
[[nodiscard]] Result<std::unique_ptr<OsDirectory>> open_os_directory(
    const std::filesystem::path& path);

// One that will be at `place`, whose parent is there. Errors: another user is making that place.
[[nodiscard]] Result<std::unique_ptr<NewDirectory>> make_os_directory(
    const std::filesystem::path& place);

}  // namespace obsctl
