// SPDX-License-Identifier: Apache-2.0
// epoll_pwait2() where the kernel has it (5.11), milliseconds otherwise.
#include "lib/otlp/poller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace obsctl::otlp {

Result<Poller> Poller::create() {
  Poller result;
  result.fd_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!result.fd_.open()) {
    return fail(Code::failed, fmt::format("cannot use epoll: {}", errno_text(errno)));
  }
  return result;
}

void Poller::watch(int fd, std::uint32_t events, void* tag, bool known) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = tag;
  epoll_ctl(fd_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

void Poller::forget(int fd) {
  epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const epoll_event> Poller::wait(Time deadline, bool& interrupted) {
  static thread_local bool has_pwait2 = true;
  const auto left = std::clamp<std::chrono::nanoseconds>(
      deadline - Clock::now(), std::chrono::nanoseconds(0), std::chrono::hours(1));
  const auto whole = std::chrono::floor<std::chrono::seconds>(left);
  const timespec timeout{.tv_sec = whole.count(), .tv_nsec = (left - whole).count()};
  const int size = static_cast<int>(events_.size());
  int count = -1;
  if (has_pwait2) {
    count = epoll_pwait2(fd_.get(), events_.data(), size, &timeout, nullptr);
    has_pwait2 = count >= 0 || (errno != ENOSYS && errno != EPERM);
  }
  if (!has_pwait2) {
    const auto millis = std::chrono::floor<std::chrono::milliseconds>(left).count();
    count = epoll_wait(fd_.get(), events_.data(), size, static_cast<int>(millis));
  }
  interrupted = count < 0 && errno == EINTR;
  return std::span(events_).first(count > 0 ? static_cast<std::size_t>(count) : 0);
}

}  // namespace obsctl::otlp
