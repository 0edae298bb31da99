// SPDX-License-Identifier: Apache-2.0
// openat2 walks a path in one call and refuses links by itself. Older kernels, and filters of
// containers that do not know it, get the same by one openat with O_NOFOLLOW for each part.
#include "lib/archive/beneath.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/text.hpp"

namespace obsctl::archive {
namespace {

constexpr int k_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Fd part_by_part(int root, const std::string& path) {
  Fd at(::openat(root, ".", k_flags));
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == "." || part == "..") {
      errno = EINVAL;
      return {};
    }
    if (!at.open()) {
      return at;
    }
    at = Fd(::openat(at.get(), part.c_str(), k_flags));
  }
  return at;
}

}  // namespace

Fd open_beneath(int root, const std::string& path, bool openat2) {
  if (path.empty()) {
    return Fd(::openat(root, ".", k_flags));
  }
  if (openat2) {
    open_how how{};
    how.flags = static_cast<unsigned>(k_flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    for (int tries = 0; tries < 8; ++tries) {  // EAGAIN: something was renamed meanwhile
      const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
      if (fd >= 0) {
        return Fd(static_cast<int>(fd));
      }
      if (errno != EAGAIN && errno != EINTR) {
        break;
      }
    }
    if (errno != ENOSYS && errno != EPERM && errno != EAGAIN && errno != EINTR) {
      return {};
    }
  }
  return part_by_part(root, path);
}

Split split_path(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? Split{.parent = "", .name = std::string(path)}
                                         : Split{.parent = std::string(path.substr(0, slash)),
                                                 .name = std::string(path.substr(slash + 1))};
}

}  // namespace obsctl::archive
