// SPDX-License-Identifier: Apache-2.0
// The building site of a directory, safe where others may write to the parent: they cannot guess
// its name, enter it, or exchange it without being noticed.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/io/filesystem.hpp"
#include "lib/io/os_directory.hpp"
#include "lib/io/posix.hpp"
#include "lib/io/random.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_random_characters = 12;
constexpr FileMode k_closed = 0700;
constexpr FileMode k_open = 0755;

// The lock on it says that its process lives.
Fd open_site(const OsDirectory& parent, const std::string& name) {
  return Fd(::openat(parent.fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// 0 or an errno; EWOULDBLOCK when another process has it.
int lock_site(const Fd& fd) {
  return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
}

bool is_mine(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && info.st_uid == ::geteuid();
}

class OsNewDirectory final : public NewDirectory {
 public:
  OsNewDirectory(std::unique_ptr<OsDirectory> parent, fs::path place, std::string name, Fd fd)
      : parent_(std::move(parent)),
        place_(std::move(place)),
        name_(std::move(name)),
        lock_(std::move(fd)),
        made_(std::make_unique<OsDirectory>(Fd(::openat(lock_.get(), ".", O_PATH | O_CLOEXEC)),
                                            place_.parent_path() / name_)) {}

  Directory& directory() override { return *made_; }

  Result<std::unique_ptr<Directory>> put_in_place() override {
    const std::string name = place_.filename();
    OBS_TRY_ASSIGN(const auto there, parent_->info(name));
    if (there) {
      return fail(Code::failed,
                  fmt::format("'{}' has just been created by somebody else", place_.string()),
                  "run the command again");
    }
    if (::fchmod(lock_.get(), k_open & ~process_umask()) != 0) {
      return io_failure("create directory", place_, errno);
    }
    OBS_TRY(parent_->move(name_, name));
    if (!leads_to(parent_->fd(), name, lock_.get())) {
      return fail(
          Code::failed,
          fmt::format("another user has exchanged '{}' while it was written", place_.string()),
          "remove it, and choose a directory that only you can write to");
    }
    if (auto synced = parent_->sync({"."}); !synced) {
      OBS_TRY(parent_->move(name, name_));  // so that it can be discarded
      return Failure(std::move(synced).error());
    }
    return std::make_unique<OsDirectory>(Fd(::openat(lock_.get(), ".", O_PATH | O_CLOEXEC)),
                                         place_);
  }

  Result<void> discard() override { return parent_->remove_tree(name_); }

 private:
  std::unique_ptr<OsDirectory> parent_;
  fs::path place_;
  std::string name_;
  Fd lock_;
  std::unique_ptr<OsDirectory> made_;
};

// Removes what killed processes of this user left.
Result<void> sweep(OsDirectory& parent, const fs::path& place, const std::string& prefix) {
  const auto entries = parent.entries(".");
  if (!entries) {  // it can be written, but not listed
    return {};
  }
  for (const auto& [path, kind] : *entries) {
    const std::string name = path.filename();
    if (kind != FileKind::directory || !name.starts_with(prefix)) {
      continue;
    }
    OBS_TRY_ASSIGN(const auto info, parent.info(name));
    if (info && !info->mine) {
      return fail(Code::config,
                  fmt::format("another user is making '{}', or has left '{}'", place.string(),
                              (place.parent_path() / name).string()),
                  "choose another directory, or remove what was left");
    }
    if (const Fd left = open_site(parent, name); left.open() && lock_site(left) == 0) {
      OBS_TRY(parent.remove_tree(name));
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<NewDirectory>> make_os_directory(const fs::path& place) {
  OBS_TRY_ASSIGN(auto parent, open_os_directory(place.parent_path()));
  const std::string prefix = fmt::format(".{}.obsctl-", place.filename().string());
  OBS_TRY(sweep(*parent, place, prefix));
  OBS_TRY_ASSIGN(const std::string random, OsRandom().token(k_random_characters));
  const std::string name = prefix + random;
  const fs::path shown = place.parent_path() / name;
  if (::mkdirat(parent->fd(), name.c_str(), k_closed) != 0) {
    return io_failure("create directory", shown, errno);
  }
  Fd site = open_site(*parent, name);
  // Where directories cannot be locked (NFS), nobody can sweep this one either.
  const bool swept = site.open() && lock_site(site) == EWOULDBLOCK;
  if (swept || !leads_to(parent->fd(), name, site.get()) || !is_mine(site.get())) {
    return fail(Code::failed, fmt::format("'{}' was taken away while it was made", shown.string()),
                "run the command again; another obsctl may be making the same directory");
  }
  return std::make_unique<OsNewDirectory>(std::move(parent), place, name, std::move(site));
}

}  // namespace obsctl
