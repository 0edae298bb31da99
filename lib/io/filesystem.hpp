// SPDX-License-Identifier: Apache-2.0
// The file operations obsctl needs, behind an interface so that tests can inject a full disk, a
// read-only directory or a kill between any two steps.
//
// Paths here are what the user named, and links in them lead where the user wants. What lies in a
// directory that somebody else may have filled is reached through Directory alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/directory.hpp"

namespace obsctl {

// Number of a user, as stat() and geteuid() give it.
using UserId = std::uint32_t;

// How much a file system holds, and what of it an ordinary user may still write.
struct DiskSpace {
  Bytes total;
  Bytes available;
  // Files that it can hold, and how many more; 0: it has no such limit.
  double inodes = 0;
  double inodes_free = 0;
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

  // The whole content; an error with Code::missing when there is no such file, and one for more than
  // 16 MiB: a device may have no end.
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

  // Of the file system that `path` is on, or would be on once it is made.
  [[nodiscard]] virtual Result<DiskSpace> disk_space(const std::filesystem::path& path) const = 0;

  // Replaces `path` by a file with these bytes and mode: temporary name, fsync, rename, fsync of
  // the directory. A kill at any moment leaves the old or the new file. Parents must exist. A link
  // stays, and what it leads to is replaced. What is no regular file (a pipe, a device, /dev/stdout)
  // is written to instead.
  virtual Result<void> write_atomic(const std::filesystem::path& path, std::string_view bytes,
                                    FileMode mode) = 0;

  // The same for what is too large for memory. The defaults hold it in memory all the same: they
  // are for file systems of tests.
  [[nodiscard]] virtual Result<std::unique_ptr<FileReader>> open_reader(
      const std::filesystem::path& path) const;
  [[nodiscard]] virtual Result<std::unique_ptr<FileWriter>> open_writer(
      const std::filesystem::path& path, FileMode mode);

  // An error when `path` could not be written now, so that long work need not be done in vain.
  [[nodiscard]] virtual Result<void> check_writable(const std::filesystem::path& path) const {
    static_cast<void>(path);
    return {};
  }

  // Makes the directory and the missing ones above it, durably, with mode 0755 less the umask.
  virtual Result<void> make_directories(const std::filesystem::path& path) = 0;

  // Errors: Code::missing when there is no directory.
  [[nodiscard]] virtual Result<std::unique_ptr<Directory>> open_directory(
      const std::filesystem::path& path) const = 0;

  // Begins a directory that does not exist yet; missing ones above it are made. Errors: another user
  // is making the same one.
  [[nodiscard]] virtual Result<std::unique_ptr<NewDirectory>> new_directory(
      const std::filesystem::path& place) = 0;

  // Permissions that the user does not want new files to have.
  [[nodiscard]] virtual FileMode umask() const { return 0022; }
};

// The file `path` of a directory that may hold anything; nothing when the file or the directory is
// not there. Errors: those of Directory::read.
[[nodiscard]] Result<std::optional<std::string>> read_beneath(
    const FileSystem& files, const std::filesystem::path& directory,
    const std::filesystem::path& path);

// The disk.
class OsFileSystem final : public FileSystem {
 public:
  [[nodiscard]] Result<std::string> read(const std::filesystem::path& path) const override;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const override;
  [[nodiscard]] bool is_directory(const std::filesystem::path& path) const override;
  [[nodiscard]] std::optional<FileMode> mode(const std::filesystem::path& path) const override;
  [[nodiscard]] std::optional<UserId> owner(const std::filesystem::path& path) const override;
  [[nodiscard]] Result<DiskSpace> disk_space(const std::filesystem::path& path) const override;
  Result<void> write_atomic(const std::filesystem::path& path, std::string_view bytes,
                            FileMode mode) override;
  [[nodiscard]] Result<std::unique_ptr<FileReader>> open_reader(
      const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::unique_ptr<FileWriter>> open_writer(const std::filesystem::path& path,
                                                                FileMode mode) override;
  [[nodiscard]] Result<void> check_writable(const std::filesystem::path& path) const override;
  Result<void> make_directories(const std::filesystem::path& path) override;
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(
      const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::unique_ptr<NewDirectory>> new_directory(
      const std::filesystem::path& place) override;
  [[nodiscard]] FileMode umask() const override;
};

}  // namespace obsctl
