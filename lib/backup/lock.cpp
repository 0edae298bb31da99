// SPDX-License-Identifier: Apache-2.0
// flock(2) on the file `lock`. What is written into it is for the message of the next one alone.
#include "lib/backup/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "lib/backup/names.hpp"
#include "lib/base/text.hpp"
#include "lib/base/time.hpp"
#include "lib/io/posix.hpp"

namespace obsctl::backup {
namespace {

namespace fs = std::filesystem;

constexpr Duration k_between_attempts = {0.1};
constexpr std::size_t k_longest_text = 4096;

std::string line_of(const char* file) {
  std::array<char, 256> bytes{};
  const Fd fd(::open(file, O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd.open() ? ::read(fd.get(), bytes.data(), bytes.size()) : 0;
  return std::string(
      trim(std::string_view(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)))));
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

void say_who(int fd, Time now) {
  const nlohmann::ordered_json who = {{"pid", ::getpid()},
                                      {"host", host_name()},
                                      {"boot", line_of("/proc/sys/kernel/random/boot_id")},
                                      {"since", print_time(now)}};
  // A lock without it is a lock.
  if (::ftruncate(fd, 0) == 0 && ::lseek(fd, 0, SEEK_SET) == 0) {
    static_cast<void>(write_all(
        fd, who.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n"));
  }
}

// "pid 12 on host since 2026-…", as far as it is known.
std::string holder(int fd) {
  std::array<char, k_longest_text> bytes{};
  const ssize_t n = ::pread(fd, bytes.data(), bytes.size(), 0);
  const auto who =
      nlohmann::json::parse(bytes.data(), bytes.data() + std::max<ssize_t>(n, 0), nullptr, false);
  try {
    const std::string host = who.at("host").get<std::string>();
    return printable(fmt::format("pid {}{} since {}", who.at("pid").get<long>(),
                                 host == host_name() ? "" : " on " + host,
                                 who.at("since").get<std::string>()));
  } catch (const nlohmann::json::exception&) {
    return "another obsctl";
  }
}

Result<Fd> open_lock(const OsDirectory& root, const fs::path& file, LockKind kind) {
  constexpr int k_flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  Fd fd(::openat(root.fd(), file_names::lock, O_RDWR | O_CREAT | k_flags, 0600));
  if (!fd.open() && kind == LockKind::reading && (errno == EROFS || errno == EACCES)) {
    fd = Fd(::openat(root.fd(), file_names::lock, O_RDONLY | k_flags));
    if (!fd.open() && errno == ENOENT) {
      return fd;
    }
  }
  return fd.open() ? Result<Fd>(std::move(fd)) : io_failure("lock", file, errno);
}

}  // namespace

Result<RepositoryLock> lock_repository(const OsDirectory& root, const fs::path& path, LockKind kind,
                                       Duration patience, Clock& clock, const StopFlag& stop) {
  const fs::path file = path / file_names::lock;
  OBS_TRY_ASSIGN(Fd fd, open_lock(root, file, kind));
  const int operation = kind == LockKind::changing ? LOCK_EX : LOCK_SH;
  const auto start = clock.monotonic();
  while (fd.open() && ::flock(fd.get(), operation | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return io_failure("lock", file, errno);
    }
    const double left = patience.seconds - clock.since(start).seconds;
    if (left <= 0) {
      return fail(Code::unreachable,
                  fmt::format("'{}' is locked by {}", path.string(), holder(fd.get())),
                  "wait until it has finished, or give it time with --lock-timeout");
    }
    if (!clock.sleep({std::min(left, k_between_attempts.seconds)}, stop)) {
      return stop.failure("waiting for the lock");
    }
  }
  if (fd.open()) {
    say_who(fd.get(), clock.now());
  }
  return RepositoryLock(std::move(fd));
}

}  // namespace obsctl::backup
