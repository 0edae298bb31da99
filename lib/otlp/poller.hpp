// SPDX-License-Identifier: Apache-2.0
// epoll with a deadline in nanoseconds, because a schedule of 50,000 requests a second has no
// milliseconds.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <span>

#include "lib/otlp/net.hpp"

namespace obsctl::otlp {

class Poller {
 public:
  [[nodiscard]] static Result<Poller> create();

  // Watches, or changes what is watched; closing the descriptor ends it.
  void watch(int fd, std::uint32_t events, void* tag, bool known);

  // Stops watching a descriptor that stays open.
  void forget(int fd);

  // What happened until `deadline`; `interrupted` is set by a signal.
  [[nodiscard]] std::span<const epoll_event> wait(Time deadline, bool& interrupted);

 private:
  Fd fd_;
  std::array<epoll_event, 64> events_ = {};
};

}  // namespace obsctl::otlp
