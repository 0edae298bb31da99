// SPDX-License-Identifier: Apache-2.0
// A directory that is opened once and may hold anything: a cloned repository, a shared disk. What is
// done through it stays in it, whoever put links there or exchanges directories meanwhile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl {

// Permission bits of a file, for example 0600.
using FileMode = std::uint32_t;

enum class FileKind { regular, directory, link, other };  // other: a pipe, device or socket

struct FileInfo {
  FileKind kind = FileKind::regular;
  FileMode mode = 0;
  bool mine = false;     // belongs to the user who runs obsctl
  bool mounted = false;  // the top of another file system
  std::uint64_t inode = 0;
  std::int64_t born = 0;  // nanoseconds since 1970; 0 where the file system does not say
};

// Held as long as the object lives; the kernel releases it when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Paths are relative to the directory, "." is itself. They are followed part by part from the open
// directory. Errors of every function: a part is a link, ".." or not a directory; each names the
// path and says what to do.
class Directory {
 public:
  virtual ~Directory() = default;

  // What is at `path`, without following a link; nothing when nothing is.
  [[nodiscard]] virtual Result<std::optional<FileInfo>> info(
      const std::filesystem::path& path) const = 0;

  // The bytes of a regular file of at most 16 MiB. Errors: Code::missing when there is none; any
  // other kind of file; a larger one.
  [[nodiscard]] virtual Result<std::string> read(const std::filesystem::path& path) const = 0;

  // Regular files below `path`, as paths relative to it, sorted.
  [[nodiscard]] virtual Result<std::vector<std::filesystem::path>> list(
      const std::filesystem::path& path) const = 0;

  // Makes one directory with exactly this mode; one that is there stays as it is.
  virtual Result<void> make_directory(const std::filesystem::path& path, FileMode mode) = 0;

  // Takes away the permissions that `mode` does not have.
  virtual Result<void> narrow(const std::filesystem::path& path, FileMode mode) = 0;

  // Replaces `path` by a file with these bytes and exactly this mode. A kill or a power cut at any
  // moment leaves the old or the new file.
  virtual Result<void> replace(const std::filesystem::path& path, std::string_view bytes,
                               FileMode mode) = 0;

  // For writing many files at once: stage them where nobody reads, sync them together, then move
  // them into place. A staged file is a new one; it may be half written after a kill, and neither it
  // nor a move survives a power cut until sync() has returned.
  virtual Result<void> stage(const std::filesystem::path& path, std::string_view bytes,
                             FileMode mode) = 0;
  virtual Result<void> move(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  // Makes the bytes of these files and the entries of these directories durable.
  virtual Result<void> sync(const std::vector<std::filesystem::path>& paths) = 0;

  // Removes a file, or a link itself.
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  // Nothing at `path` is no error; another file system mounted in it is one.
  virtual Result<void> remove_tree(const std::filesystem::path& path) = 0;
  // A directory with something in it, or none at all, is left as it is.
  virtual Result<void> remove_if_empty(const std::filesystem::path& path) = 0;

  // Takes an exclusive lock on a file, creating it; an error at once when another process holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& path) = 0;
};

// The bytes of a file; nothing when it is not there. Errors: those of Directory::read.
[[nodiscard]] Result<std::optional<std::string>> read_if_there(const Directory& directory,
                                                               const std::filesystem::path& path);

// A directory in the making: beside its place, under a name that nobody knows beforehand, closed to
// everybody else. One whose process was killed is removed by the next that makes the same place.
class NewDirectory {
 public:
  virtual ~NewDirectory() = default;

  [[nodiscard]] virtual Directory& directory() = 0;

  // Renames it to its place, durably, with mode 0755 less the umask, and returns it. Errors:
  // something is there by now.
  virtual Result<std::unique_ptr<Directory>> put_in_place() = 0;

  // Removes it with everything in it.
  virtual Result<void> discard() = 0;
};

}  // namespace obsctl
