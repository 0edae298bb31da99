// SPDX-License-Identifier: Apache-2.0
// Standard streams through stdio, remembering the first failed write so that it becomes an exit
// code.
#include "lib/io/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace obsctl {
namespace {

int terminal_width(const Environment& environment) {
  if (const auto columns = environment.get("COLUMNS")) {
    const int value = std::atoi(columns->c_str());
    if (value >= 40) {
      return value;
    }
  }
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) {
    return size.ws_col;
  }
  return 80;
}

}  // namespace

OsTerminal::OsTerminal(const Environment& environment) : width_(terminal_width(environment)) {}

void OsTerminal::out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() && out_error_ == 0) {
    out_error_ = errno;
  }
}

void OsTerminal::err(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

Result<void> OsTerminal::flush() {
  if (std::fflush(stdout) != 0 && out_error_ == 0) {
    out_error_ = errno;
  }
  if (out_error_ == 0 || out_error_ == EPIPE) {
    return {};
  }
  return fail(Code::io, fmt::format("cannot write the result: {}", std::strerror(out_error_)));
}

bool OsTerminal::out_is_terminal() const {
  return ::isatty(STDOUT_FILENO) == 1;
}

bool OsTerminal::err_is_terminal() const {
  return ::isatty(STDERR_FILENO) == 1;
}

Result<std::string> OsTerminal::read_stdin() {
  std::string out;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n == 0) {
      return out;
    }
    if (n > 0) {
      out.append(buffer, static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      return fail(Code::io, fmt::format("cannot read standard input: {}", std::strerror(errno)));
    }
  }
}

}  // namespace obsctl
