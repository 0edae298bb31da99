// SPDX-License-Identifier: Apache-2.0
// The disk behind FileSystem: POSIX calls, so that every failure names the path and the cause.
#include "lib/io/filesystem.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lib/io/fd.hpp"
#include "lib/io/posix.hpp"
#include "lib/io/stream.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

int write_new(const std::string& path, std::string_view bytes, FileMode mode) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.open()) {
    return errno;
  }
  if (const int error = write_all(fd.get(), bytes)) {
    return error;
  }
  // fchmod and not the mode of open(), because the umask must not weaken or widen what was asked
  // for.
  return ::fchmod(fd.get(), static_cast<mode_t>(mode)) == 0 ? 0 : errno;
}

bool same_file(int fd, const fs::path& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

// Removes the file before it lets go, so that nothing stays behind; who opened it in the meantime
// notices that the name is gone and makes a new one.
class OsFileLock final : public FileLock {
 public:
  explicit OsFileLock(const fs::path& path)
      : path_(path), fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  ~OsFileLock() override {
    if (held_) {
      ::unlink(path_.c_str());
    }
  }
  OsFileLock(const OsFileLock&) = delete;
  OsFileLock& operator=(const OsFileLock&) = delete;

  [[nodiscard]] bool opened() const { return fd_.open(); }
  // 0 or the errno of the attempt.
  [[nodiscard]] int try_lock() const {
    return ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  }
  // True when the name still leads to the locked file.
  [[nodiscard]] bool confirm() {
    held_ = same_file(fd_.get(), path_);
    return held_;
  }

 private:
  fs::path path_;
  Fd fd_;
  bool held_ = false;
};

}  // namespace

Result<std::string> OsFileSystem::read(const fs::path& path) const {
  OBS_TRY_ASSIGN(const auto file, open_reader(path));
  std::string out;
  std::array<char, k_chunk> chunk;
  for (;;) {
    OBS_TRY_ASSIGN(const std::size_t n, file->read(chunk));
    if (n == 0) {
      return out;
    }
    out.append(chunk.data(), n);
  }
}

bool OsFileSystem::exists(const fs::path& path) const {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

bool OsFileSystem::is_directory(const fs::path& path) const {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::optional<FileMode> OsFileSystem::mode(const fs::path& path) const {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return std::nullopt;
  }
  return static_cast<FileMode>(info.st_mode & 07777U);
}

std::optional<UserId> OsFileSystem::owner(const fs::path& path) const {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return std::nullopt;
  }
  return info.st_uid;
}

Result<std::vector<fs::path>> OsFileSystem::list(const fs::path& dir) const {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end;
       it.increment(error)) {
    if (it->symlink_status().type() == fs::file_type::regular) {
      out.push_back(it->path().lexically_relative(dir));
    }
  }
  if (error) {
    return io_failure("list", dir, error.value());
  }
  std::ranges::sort(out);
  return out;
}

Result<DiskSpace> OsFileSystem::disk_space(const fs::path& path) const {
  struct statvfs info {};
  fs::path existing = path;
  while (::statvfs(existing.empty() ? "." : existing.c_str(), &info) != 0) {
    if (errno != ENOENT || existing.empty()) {
      return io_failure("see the disk of", path, errno);
    }
    existing = existing.parent_path();
  }
  const auto unit = static_cast<double>(info.f_frsize);
  return DiskSpace{.total = {static_cast<double>(info.f_blocks) * unit},
                   .available = {static_cast<double>(info.f_bavail) * unit}};
}

Result<void> OsFileSystem::write_atomic(const fs::path& path, std::string_view bytes,
                                        FileMode mode) {
  OBS_TRY_ASSIGN(const auto file, open_writer(path, mode));
  OBS_TRY(file->write(bytes));
  return file->finish();
}

Result<void> OsFileSystem::make_directories(const fs::path& path, FileMode mode) {
  fs::path current;
  for (const auto& part : path) {
    current /= part;
    if (::mkdir(current.c_str(), static_cast<mode_t>(mode)) == 0) {
      // As with files, the umask must not change what was asked for.
      if (::chmod(current.c_str(), static_cast<mode_t>(mode)) != 0) {
        return io_failure("create directory", current, errno);
      }
    } else if (errno != EEXIST) {
      return io_failure("create directory", current, errno);
    }
  }
  return is_directory(path) ? Result<void>() : io_failure("create directory", path, ENOTDIR);
}

Result<void> OsFileSystem::rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return io_failure("rename", from, errno);
  }
  if (const int error = sync_directory(to.parent_path())) {
    return io_failure("rename", from, error);
  }
  return {};
}

Result<void> OsFileSystem::remove(const fs::path& path) {
  if (::unlink(path.c_str()) != 0) {
    return io_failure("remove", path, errno);
  }
  return {};
}

Result<void> OsFileSystem::remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) {
    return io_failure("remove", path, error.value());
  }
  return {};
}

Result<void> OsFileSystem::remove_if_empty(const fs::path& directory) {
  if (::rmdir(directory.c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT &&
      errno != ENOTDIR) {
    return io_failure("remove", directory, errno);
  }
  return {};
}

Result<void> OsFileSystem::write_staged(const fs::path& path, std::string_view bytes,
                                        FileMode mode) {
  if (const int error = write_new(path.string(), bytes, mode)) {
    return io_failure("write", path, error);
  }
  return {};
}

Result<void> OsFileSystem::move(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return io_failure("rename", from, errno);
  }
  return {};
}

Result<void> OsFileSystem::sync(const std::vector<fs::path>& paths) {
  std::vector<Fd> open;
  for (const auto& path : paths) {
    open.emplace_back(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!open.back().open()) {
      return io_failure("write", path, errno);
    }
    // Only starts the writing. With all of it under way, the first fsync below commits the file
    // system's journal for every file, and the others find little left to do. Directories and some
    // file systems do not know this call, and need not.
    static_cast<void>(::sync_file_range(open.back().get(), 0, 0, SYNC_FILE_RANGE_WRITE));
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (::fsync(open[i].get()) != 0) {
      return io_failure("write", paths[i], errno);
    }
  }
  return {};
}

Result<std::unique_ptr<FileLock>> OsFileSystem::lock(const fs::path& path) {
  for (;;) {
    auto lock = std::make_unique<OsFileLock>(path);
    if (!lock->opened()) {
      return io_failure("lock", path, errno);
    }
    if (const int error = lock->try_lock(); error == EWOULDBLOCK) {
      return fail(Code::failed, fmt::format("'{}' is locked by another obsctl", path.string()),
                  "wait until it has finished and run the command again");
    } else if (error != 0) {
      return io_failure("lock", path, error);
    }
    if (lock->confirm()) {  // not removed or moved away between open and lock
      return lock;
    }
  }
}

}  // namespace obsctl
