// SPDX-License-Identifier: Apache-2.0
// Directory on the disk: every part of a path is opened from the one before with O_NOFOLLOW, which
// holds on every kernel and where a container's filter does not know openat2.
#include "lib/io/directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "lib/io/os_directory.hpp"
#include "lib/io/posix.hpp"
#include "lib/io/stream.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

// As many as are open at a time; a shell may allow no more than 64 in all.
constexpr std::size_t k_sync_batch = 16;
constexpr FileMode k_permissions = 07777;

FileKind kind_of(mode_t mode) {
  return S_ISREG(mode)   ? FileKind::regular
         : S_ISDIR(mode) ? FileKind::directory
         : S_ISLNK(mode) ? FileKind::link
                         : FileKind::other;
}

bool is_link_at(int parent, const std::string& name) {
  struct stat info {};
  return ::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

FileKind kind_of(const dirent& entry, int parent) {
  struct stat info {};
  switch (entry.d_type) {
    case DT_REG: return FileKind::regular;
    case DT_DIR: return FileKind::directory;
    case DT_LNK: return FileKind::link;
    case DT_UNKNOWN:  // the file system does not say
      return ::fstatat(parent, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0
                 ? kind_of(info.st_mode)
                 : FileKind::other;
    default: return FileKind::other;
  }
}

// The whole content of an open file, which may grow meanwhile.
Result<std::string> read_all(int fd, const fs::path& path) {
  std::string out;
  std::array<char, k_chunk> chunk;
  for (;;) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n == 0) {
      return out;
    }
    if (n > 0) {
      out.append(chunk.data(), static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      return io_failure("read", path, errno);
    }
    if (out.size() > k_max_file) {
      return too_large(path);
    }
  }
}

// Removes the file before it lets go, so that nothing stays behind; who opened it in the meantime
// notices that the name is gone and makes a new one.
class OsFileLock final : public FileLock {
 public:
  OsFileLock(Fd parent, std::string name)
      : parent_(std::move(parent)),
        name_(std::move(name)),
        fd_(::openat(parent_.get(), name_.c_str(),
                     O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)),
        error_(fd_.open() ? 0 : errno) {}
  ~OsFileLock() override {
    if (held_) {
      ::unlinkat(parent_.get(), name_.c_str(), 0);
    }
  }
  OsFileLock(const OsFileLock&) = delete;
  OsFileLock& operator=(const OsFileLock&) = delete;

  // The errno of opening; 0 when it is open.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] bool is_regular() const {
    struct stat opened {};
    return ::fstat(fd_.get(), &opened) == 0 && S_ISREG(opened.st_mode);
  }
  // 0 or the errno of the attempt.
  [[nodiscard]] int try_lock() const {
    return ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  }
  // True when the name still leads to the locked file.
  [[nodiscard]] bool confirm() {
    held_ = leads_to(parent_.get(), name_, fd_.get());
    return held_;
  }

 private:
  Fd parent_;
  std::string name_;
  Fd fd_;
  int error_;
  bool held_ = false;
};

}  // namespace

OsDirectory::OsDirectory(Fd fd, fs::path path) : fd_(std::move(fd)), path_(std::move(path)) {
  struct stat info {};
  if (::fstat(fd_.get(), &info) == 0) {
    device_ = info.st_dev;
  }
}

Failure OsDirectory::failure(std::string_view doing, const fs::path& path, int error) const {
  Failure out = io_failure(doing, path_ / path, error);
  if (error == ENOTDIR) {  // a file where a directory should be: what is below it is not there
    out.value().code = Code::missing;
  }
  return out;
}

Failure OsDirectory::not_a_file(const fs::path& path) const {
  return fail(Code::config, fmt::format("'{}' is not a file", (path_ / path).string()),
              "remove it, or put a file in its place");
}

Failure OsDirectory::is_link(const fs::path& path) const {
  return fail(Code::config,
              fmt::format("'{}' is a link, and obsctl follows none in '{}'",
                          (path_ / path).string(), path_.string()),
              "remove it, or put what it leads to in its place");
}

Result<OsDirectory::Place> OsDirectory::find(std::string_view doing, const fs::path& path) const {
  constexpr int k_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Place out{Fd(::openat(fd_.get(), ".", k_flags)), "."};
  if (!out.parent.open()) {
    return failure(doing, path, errno);
  }
  fs::path walked;
  for (const auto& part : path) {
    if (part.empty() || part == ".") {
      continue;
    }
    if (part == ".." || part.is_absolute() || part.native().find('\0') != std::string::npos) {
      return fail(Code::config,
                  fmt::format("'{}' leads out of '{}'", path.string(), path_.string()));
    }
    if (out.name != ".") {
      Fd next(::openat(out.parent.get(), out.name.c_str(), k_flags));
      if (!next.open()) {
        const int error = errno;
        return is_link_at(out.parent.get(), out.name) ? is_link(walked)
                                                      : failure(doing, walked, error);
      }
      out.parent = std::move(next);
    }
    out.name = part.string();
    walked /= part;
  }
  return out;
}

Result<Fd> OsDirectory::open(std::string_view doing, const fs::path& path, int flags) const {
  OBS_TRY_ASSIGN(const Place place, find(doing, path));
  // Without waiting for a pipe's other end, and without becoming a terminal's owner.
  Fd fd(::openat(place.parent.get(), place.name.c_str(),
                 flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.open()) {
    const int error = errno;
    return is_link_at(place.parent.get(), place.name) ? is_link(path) : failure(doing, path, error);
  }
  return fd;
}

Result<std::optional<FileInfo>> OsDirectory::info(const fs::path& path) const {
  auto place = find("look at", path);
  if (!place && place.error().code == Code::missing) {
    return std::nullopt;
  }
  if (!place) {
    return Failure(std::move(place).error());
  }
  struct statx seen {};
  if (::statx(place->parent.get(), place->name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
              STATX_BASIC_STATS | STATX_BTIME, &seen) != 0) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    return failure("look at", path, errno);
  }
  // Also a directory of the same disk can be mounted; kernels before 5.8 do not say so.
  const bool mounted = (seen.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0
                           ? (seen.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0
                           : makedev(seen.stx_dev_major, seen.stx_dev_minor) != device_;
  const bool has_birth = (seen.stx_mask & STATX_BTIME) != 0;
  return FileInfo{
      .kind = kind_of(seen.stx_mode),
      .mode = seen.stx_mode & k_permissions,
      .mine = seen.stx_uid == ::geteuid(),
      .mounted = mounted,
      .inode = seen.stx_ino,
      .born = has_birth ? seen.stx_btime.tv_sec * 1'000'000'000 + seen.stx_btime.tv_nsec : 0};
}

Result<std::string> OsDirectory::read(const fs::path& path) const {
  OBS_TRY_ASSIGN(const auto found, info(path));  // opening a device can do something already
  if (found && found->kind == FileKind::other) {
    return not_a_file(path);
  }
  OBS_TRY_ASSIGN(const Fd fd, open("read", path, O_RDONLY));
  struct stat opened {};
  if (::fstat(fd.get(), &opened) != 0) {
    return failure("read", path, errno);
  }
  if (!S_ISREG(opened.st_mode)) {
    return not_a_file(path);
  }
  return read_all(fd.get(), path_ / path);
}

Result<OsDirectory::Entries> OsDirectory::entries(const fs::path& path) const {
  OBS_TRY_ASSIGN(Fd fd, open("list", path, O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd.get()), ::closedir);
  if (listing == nullptr) {
    return failure("list", path, errno);
  }
  fd.release();  // the listing's now
  Entries out;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(listing.get());
    if (entry == nullptr) {
      return errno == 0 ? Result<Entries>(std::move(out)) : failure("list", path, errno);
    }
    if (const std::string_view name = entry->d_name; name != "." && name != "..") {
      out.emplace_back(path / name, kind_of(*entry, ::dirfd(listing.get())));
    }
  }
}

Result<std::vector<fs::path>> OsDirectory::list(const fs::path& path) const {
  std::vector<fs::path> out;
  std::vector<fs::path> open_ends = {path};
  while (!open_ends.empty()) {
    const fs::path next = std::move(open_ends.back());
    open_ends.pop_back();
    OBS_TRY_ASSIGN(auto found, entries(next));
    for (auto& [entry, kind] : found) {
      if (kind == FileKind::directory) {
        open_ends.push_back(std::move(entry));
      } else if (kind == FileKind::regular) {
        out.push_back(entry.lexically_relative(path));
      }
    }
  }
  std::ranges::sort(out);
  return out;
}

Result<void> OsDirectory::make_directory(const fs::path& path, FileMode mode) {
  OBS_TRY_ASSIGN(const Place place, find("create directory", path));
  if (::mkdirat(place.parent.get(), place.name.c_str(), static_cast<mode_t>(mode)) == 0) {
    OBS_TRY_ASSIGN(const Fd made, open("create directory", path, O_RDONLY | O_DIRECTORY));
    // The umask must not change what was asked for.
    return ::fchmod(made.get(), static_cast<mode_t>(mode)) == 0
               ? Result<void>()
               : failure("create directory", path, errno);
  }
  if (errno != EEXIST) {
    return failure("create directory", path, errno);
  }
  OBS_TRY(open("create directory", path, O_PATH | O_DIRECTORY));
  return {};
}

Result<void> OsDirectory::narrow(const fs::path& path, FileMode mode) {
  OBS_TRY_ASSIGN(const Fd fd, open("change the permissions of", path, O_RDONLY));
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0 ||
      ((found.st_mode & k_permissions & ~mode) != 0 &&
       ::fchmod(fd.get(), found.st_mode & static_cast<mode_t>(mode)) != 0)) {
    return failure("change the permissions of", path, errno);
  }
  return {};
}

Result<void> OsDirectory::replace(const fs::path& path, std::string_view bytes, FileMode mode) {
  const fs::path temporary = fmt::format("{}.{}.partial", path.string(), ::getpid());
  OBS_TRY(find("write", path));
  static_cast<void>(remove(temporary));  // left by a killed process that had the same pid
  const auto write = [&]() -> Result<void> {
    OBS_TRY(stage(temporary, bytes, mode));
    OBS_TRY(sync({temporary}));
    return move(temporary, path);
  };
  if (auto written = write(); !written) {
    static_cast<void>(remove(temporary));
    return written;
  }
  return sync({path.parent_path()});
}

Result<void> OsDirectory::stage(const fs::path& path, std::string_view bytes, FileMode mode) {
  OBS_TRY_ASSIGN(const Place place, find("write", path));
  const Fd fd(::openat(place.parent.get(), place.name.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.open()) {
    return failure("write", path, errno);
  }
  if (const int error = write_all(fd.get(), bytes)) {
    return failure("write", path, error);
  }
  // fchmod and not the mode of open(), because the umask must not weaken or widen what was asked
  // for.
  return ::fchmod(fd.get(), static_cast<mode_t>(mode)) == 0 ? Result<void>()
                                                            : failure("write", path, errno);
}

Result<void> OsDirectory::move(const fs::path& from, const fs::path& to) {
  OBS_TRY_ASSIGN(const Place source, find("move", from));
  OBS_TRY_ASSIGN(const Place target, find("write", to));
  if (::renameat(source.parent.get(), source.name.c_str(), target.parent.get(),
                 target.name.c_str()) != 0) {
    return failure("write", to, errno);
  }
  return {};
}

Result<void> OsDirectory::sync(const std::vector<fs::path>& paths) {
  for (std::size_t i = 0; i < paths.size(); i += k_sync_batch) {
    OBS_TRY(sync_batch(std::span(paths).subspan(i, std::min(k_sync_batch, paths.size() - i))));
  }
  return {};
}

Result<void> OsDirectory::sync_batch(std::span<const fs::path> paths) {
  std::vector<Fd> files;
  for (const auto& path : paths) {
    OBS_TRY_ASSIGN(Fd fd, open("write", path, O_RDONLY));
    // Only starts the writing. With all of it under way, the first fsync below commits the file
    // system's journal for every file, and the others find little left to do. Directories and some
    // file systems do not know this call, and need not.
    static_cast<void>(::sync_file_range(fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE));
    files.push_back(std::move(fd));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (::fsync(files[i].get()) != 0) {
      return failure("write", paths[i], errno);
    }
  }
  return {};
}

Result<void> OsDirectory::remove(const fs::path& path) {
  OBS_TRY_ASSIGN(const Place place, find("remove", path));
  if (::unlinkat(place.parent.get(), place.name.c_str(), 0) != 0) {
    return failure("remove", path, errno);
  }
  return {};
}

Result<void> OsDirectory::remove_tree(const fs::path& path) {
  OBS_TRY_ASSIGN(const auto top, info(path));
  if (!top) {
    return {};
  }
  if (top->kind != FileKind::directory) {
    return remove(path);
  }
  std::vector<fs::path> directories = {path};
  for (std::size_t i = 0; i < directories.size(); ++i) {
    OBS_TRY_ASSIGN(const auto directory, info(directories[i]));
    if (directory && directory->mounted) {
      return failure("remove", directories[i], EBUSY);
    }
    OBS_TRY_ASSIGN(const auto found, entries(directories[i]));
    for (const auto& [entry, kind] : found) {
      if (kind == FileKind::directory) {
        directories.push_back(entry);
      } else {
        OBS_TRY(remove(entry));
      }
    }
  }
  for (; !directories.empty(); directories.pop_back()) {
    OBS_TRY(remove_if_empty(directories.back()));
  }
  return {};
}

Result<void> OsDirectory::remove_if_empty(const fs::path& path) {
  auto place = find("remove", path);
  if (!place && place.error().code == Code::missing) {
    return {};
  }
  if (!place) {
    return Failure(std::move(place).error());
  }
  if (::unlinkat(place->parent.get(), place->name.c_str(), AT_REMOVEDIR) != 0 &&
      errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT && errno != ENOTDIR) {
    return failure("remove", path, errno);
  }
  return {};
}

Result<std::unique_ptr<FileLock>> OsDirectory::lock(const fs::path& path) {
  for (;;) {
    OBS_TRY_ASSIGN(Place place, find("lock", path));
    const bool link = is_link_at(place.parent.get(), place.name);
    auto lock = std::make_unique<OsFileLock>(std::move(place.parent), std::move(place.name));
    if (lock->error() != 0) {
      return link ? is_link(path) : failure("lock", path, lock->error());
    }
    if (!lock->is_regular()) {
      return not_a_file(path);
    }
    if (const int error = lock->try_lock(); error == EWOULDBLOCK) {
      return fail(Code::failed,
                  fmt::format("'{}' is locked by another obsctl", (path_ / path).string()),
                  "wait until it has finished and run the command again");
    } else if (error != 0) {
      return failure("lock", path, error);
    }
    if (lock->confirm()) {  // not removed or moved away between open and lock
      return lock;
    }
  }
}

Result<std::optional<std::string>> read_if_there(const Directory& directory, const fs::path& path) {
  auto bytes = directory.read(path);
  if (!bytes && bytes.error().code == Code::missing) {
    return std::optional<std::string>{};
  }
  return std::move(bytes).map([](std::string all) { return std::optional(std::move(all)); });
}

Result<std::unique_ptr<OsDirectory>> open_os_directory(const fs::path& path) {
  Fd fd(::open(path.empty() ? "." : path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.open()) {
    return io_failure("open directory", path, errno);
  }
  return std::make_unique<OsDirectory>(std::move(fd), path);
}

}  // namespace obsctl
