// SPDX-License-Identifier: Apache-2.0
// Calls of the kernel that may find a list longer than it was a moment ago. A name in a directory has
// no calls of its own; /proc/self/fd leads into the very directory that is open.
#include "lib/archive/attributes.hpp"

#include <fmt/format.h>
#include <sys/xattr.h>

#include <cerrno>
#include <functional>

namespace obsctl::archive {
namespace {

constexpr int k_tries = 4;  // while somebody changes them

std::string path_of(int parent, const std::string& name) {
  return fmt::format("/proc/self/fd/{}/{}", parent, name);
}

// Calls `get` with a buffer that is large enough; 0 or an errno.
int fill(std::string& into, const std::function<ssize_t(char*, std::size_t)>& get) {
  for (int i = 0; i < k_tries; ++i) {
    const ssize_t wanted = get(nullptr, 0);
    if (wanted < 0) {
      return errno;
    }
    into.resize(static_cast<std::size_t>(wanted));
    const ssize_t size = wanted == 0 ? 0 : get(into.data(), into.size());
    if (size >= 0) {
      into.resize(static_cast<std::size_t>(size));
      return 0;
    }
    if (errno != ERANGE) {
      return errno;
    }
  }
  return EAGAIN;
}

int read_all(const std::function<ssize_t(char*, std::size_t)>& list,
             const std::function<ssize_t(const char*, char*, std::size_t)>& get, Attributes& into) {
  std::string names;
  if (const int error = fill(names, list); error != 0) {
    return error == ENOTSUP || error == ENODATA ? 0 : error;
  }
  for (std::size_t at = 0; at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    std::string value;
    const int error =
        fill(value, [&](char* data, std::size_t size) { return get(name.c_str(), data, size); });
    if (error == 0) {
      into[name] = value;
    } else if (error != ENODATA && error != ENOTSUP) {  // gone meanwhile
      return error;
    }
  }
  return 0;
}

}  // namespace

int read_attributes(int fd, Attributes& into) {
  return read_all([&](char* data, std::size_t size) { return ::flistxattr(fd, data, size); },
                  [&](const char* name, char* data, std::size_t size) {
                    return ::fgetxattr(fd, name, data, size);
                  },
                  into);
}

int read_attributes(int parent, const std::string& name, Attributes& into) {
  const std::string path = path_of(parent, name);
  const int error =
      read_all([&](char* data, std::size_t size) { return ::llistxattr(path.c_str(), data, size); },
               [&](const char* key, char* data, std::size_t size) {
                 return ::lgetxattr(path.c_str(), key, data, size);
               },
               into);
  return error == ENOENT ? 0 : error;  // without /proc nothing is known of links and devices
}

int write_attribute(int fd, const std::string& key, const std::string& value) {
  return ::fsetxattr(fd, key.c_str(), value.data(), value.size(), 0) == 0 ? 0 : errno;
}

int write_attribute(int parent, const std::string& name, const std::string& key,
                    const std::string& value) {
  return ::lsetxattr(path_of(parent, name).c_str(), key.c_str(), value.data(), value.size(), 0) == 0
             ? 0
             : errno;
}

}  // namespace obsctl::archive
