// SPDX-License-Identifier: Apache-2.0
// pipe(2), and read(2) and write(2) that go on after a signal.
#include "lib/protect/pipe.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace obsctl::protect {

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(Code::failed, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno != EINTR) {
      return fail(Code::failed, fmt::format("cannot write to a pipe: {}", std::strerror(errno)));
    }
  }
  return {};
}

Result<std::size_t> read_some(int fd, std::span<char> into) {
  while (true) {
    const ssize_t got = ::read(fd, into.data(), into.size());
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) {
      return fail(Code::failed, fmt::format("cannot read from a pipe: {}", std::strerror(errno)));
    }
  }
}

}  // namespace obsctl::protect
