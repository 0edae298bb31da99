// SPDX-License-Identifier: Apache-2.0
// The file operations obsctl needs, behind an interface so that tests can inject a full disk, a
// read-only directory or a kill between any two steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"

namespace obsctl {

// Permission bits of a file, for example 0600.
using FileMode = std::uint32_t;

// Number of a user, as stat() and geteuid() give it.
using UserId = std::uint32_t;

// How much a file system holds, and what of it an ordinary user may still write.
struct DiskSpace {
  Bytes total;
  Bytes available;
};

// Held as long as the object lives; the kernel releases it when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// A file read from its start, piece by piece.
class FileReader {
 public:
  virtual ~FileReader() = default;
  // Fills the front of the buffer and returns how many bytes, 0 at the end.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<char> into) = 0;
};

// A file written piece by piece. It is there, durable and whole, once finish() has succeeded; one
// that is given up before leaves nothing.
class FileWriter {
 public:
  virtual ~FileWriter() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<void> finish() = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The whole content; an error with Code::missing when there is no such file.
  [[nodiscard]] virtual Result<std::string> read(const std::filesystem::path& path) const = 0;

  // True when something (file, directory, link) is there, without following a link.
  [[nodiscard]] virtual bool exists(const std::filesystem::path& path) const = 0;
  [[nodiscard]] virtual bool is_directory(const std::filesystem::path& path) const = 0;

  // Permission bits, or nothing when the file is not there.
  [[nodiscard]] virtual std::optional<FileMode> mode(const std::filesystem::path& path) const = 0;

  // The user that `path` belongs to, without following a link; nothing when that is not known.
  [[nodiscard]] virtual std::optional<UserId> owner(const std::filesystem::path& path) const {
    static_cast<void>(path);
    return std::nullopt;
  }

  // Regular files below `dir`, as paths relative to it, sorted. Links are not followed.
  [[nodiscard]] virtual Result<std::vector<std::filesystem::path>> list(
      const std::filesystem::path& dir) const = 0;

  // Of the file system that `path` is on, or would be on once it is made.
  [[nodiscard]] virtual Result<DiskSpace> disk_space(const std::filesystem::path& path) const = 0;

  // Replaces `path` by a file with these bytes and mode: temporary name, fsync, rename, fsync of
  // the directory. A kill at any moment leaves the old or the new file. Parents must exist.
  virtual Result<void> write_atomic(const std::filesystem::path& path, std::string_view bytes,
                                    FileMode mode) = 0;

  // The same for what is too large for memory. The defaults hold it in memory all the same: they
  // are for file systems of tests.
  [[nodiscard]] virtual Result<std::unique_ptr<FileReader>> open_reader(
      const std::filesystem::path& path) const;
  [[nodiscard]] virtual Result<std::unique_ptr<FileWriter>> open_writer(
      const std::filesystem::path& path, FileMode mode);

  virtual Result<void> make_directories(const std::filesystem::path& path,
                                        FileMode mode = 0755) = 0;
  virtual Result<void> rename(const std::filesystem::path& from,
                              const std::filesystem::path& to) = 0;
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  virtual Result<void> remove_tree(const std::filesystem::path& path) = 0;
  // A directory with something in it, or none at all, is left as it is.
  virtual Result<void> remove_if_empty(const std::filesystem::path& directory) = 0;

  // Writing many files at once: stage them where nobody reads, sync them together, then move them
  // into place. A staged file may be half written after a kill, and neither it nor a move survives
  // a power cut until sync() has returned. The defaults are the durable single-file operations.
  virtual Result<void> write_staged(const std::filesystem::path& path, std::string_view bytes,
                                    FileMode mode) {
    return write_atomic(path, bytes, mode);
  }
  virtual Result<void> move(const std::filesystem::path& from, const std::filesystem::path& to) {
    return rename(from, to);
  }
  // Makes the bytes of these files and the entries of these directories durable.
  virtual Result<void> sync(const std::vector<std::filesystem::path>& paths) {
    static_cast<void>(paths);
    return {};
  }

  // Takes an exclusive lock on a file, creating it; an error at once when another process holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) {
    static_cast<void>(path);
    return std::make_unique<FileLock>();
  }
};

// The disk.
class OsFileSystem final : public FileSystem {
 public:
  [[nodiscard]] Result<std::string> read(const std::filesystem::path& path) const override;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const override;
  [[nodiscard]] bool is_directory(const std::filesystem::path& path) const override;
  [[nodiscard]] std::optional<FileMode> mode(const std::filesystem::path& path) const override;
  [[nodiscard]] std::optional<UserId> owner(const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::vector<std::filesystem::path>> list(
      const std::filesystem::path& dir) const override;
  [[nodiscard]] Result<DiskSpace> disk_space(const std::filesystem::path& path) const override;
  Result<void> write_atomic(const std::filesystem::path& path, std::string_view bytes,
                            FileMode mode) override;
  [[nodiscard]] Result<std::unique_ptr<FileReader>> open_reader(
      const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> open_writer(const std::filesystem::path& path,
                                                                FileMode mode) override;
  Result<void> make_directories(const std::filesystem::path& path, FileMode mode) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> remove_tree(const std::filesystem::path& path) override;
  Result<void> remove_if_empty(const std::filesystem::path& directory) override;
  Result<void> write_staged(const std::filesystem::path& path, std::string_view bytes,
                            FileMode mode) override;
  Result<void> move(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> sync(const std::vector<std::filesystem::path>& paths) override;
  Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) override;
};

}  // namespace obsctl
