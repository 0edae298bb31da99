// SPDX-License-Identifier: Apache-2.0
// Text of errors and loops around short writes.
#include "lib/io/posix.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/io/fd.hpp"

namespace obsctl {

namespace fs = std::filesystem;

Failure io_failure(std::string_view doing, const fs::path& path, int error) {
  Error out{
      .code = error == ENOENT ? Code::missing : Code::io,
      .message = fmt::format("cannot {} '{}': {}", doing, path.string(), std::strerror(error))};
  if (error == ENOSPC || error == EDQUOT) {
    out.hint = "free some space on that disk and run the command again";
  } else if (error == EACCES || error == EPERM || error == EROFS) {
    out.hint = "check the permissions of the directory, or choose another one";
  }
  return Failure(std::move(out));
}

Failure too_large(const fs::path& path) {
  return fail(Code::config,
              fmt::format("'{}' is larger than {} MiB", path.string(), k_max_file >> 20U));
}

bool leads_to(int parent, const std::string& name, int fd) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 &&
         ::fstatat(parent, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

std::uint32_t process_umask() {
  const mode_t out = ::umask(077);  // it can only be read by setting it
  ::umask(out);
  return out;
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

int sync_directory(const fs::path& dir) {
  const Fd fd(::open(dir.empty() ? "." : dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.open()) {
    return errno;
  }
  return ::fsync(fd.get()) == 0 ? 0 : errno;
}

}  // namespace obsctl
