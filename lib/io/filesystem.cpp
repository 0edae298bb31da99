// SPDX-License-Identifier: Apache-2.0
// The disk behind FileSystem: POSIX calls, so that every failure names the path and the cause.
#include "lib/io/filesystem.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/io/os_directory.hpp"
#include "lib/io/posix.hpp"
#include "lib/io/stream.hpp"

namespace obsctl {

namespace fs = std::filesystem;

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
    if (out.size() > k_max_file) {
      return too_large(path);
    }
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
                   .available = {static_cast<double>(info.f_bavail) * unit},
                   .inodes = static_cast<double>(info.f_files),
                   .inodes_free = static_cast<double>(info.f_favail)};
}

Result<void> OsFileSystem::write_atomic(const fs::path& path, std::string_view bytes,
                                        FileMode mode) {
  OBS_TRY_ASSIGN(const auto file, open_writer(path, mode));
  OBS_TRY(file->write(bytes));
  return file->finish();
}

Result<void> OsFileSystem::make_directories(const fs::path& path) {
  fs::path current;
  for (const auto& part : path) {
    const fs::path parent = current;
    current /= part;
    if (::mkdir(current.c_str(), 0755) == 0) {
      if (const int error = sync_directory(parent)) {
        return io_failure("create directory", current, error);
      }
    } else if (errno != EEXIST && !is_directory(current)) {
      return io_failure("create directory", current, errno);
    }
  }
  return is_directory(path) ? Result<void>() : io_failure("create directory", path, ENOTDIR);
}

Result<std::unique_ptr<Directory>> OsFileSystem::open_directory(const fs::path& path) const {
  return open_os_directory(path);
}

Result<std::unique_ptr<NewDirectory>> OsFileSystem::new_directory(const fs::path& place) {
  OBS_TRY(make_directories(place.parent_path()));
  return make_os_directory(place);
}

FileMode OsFileSystem::umask() const {
  return process_umask();
}

Result<std::optional<std::string>> read_beneath(const FileSystem& files, const fs::path& directory,
                                                const fs::path& path) {
  auto opened = files.open_directory(directory);
  if (!opened && opened.error().code == Code::missing) {
    return std::optional<std::string>{};
  }
  if (!opened) {
    return Failure(std::move(opened).error());
  }
  return read_if_there(**opened, path);
}

}  // namespace obsctl
