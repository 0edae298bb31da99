// SPDX-License-Identifier: Apache-2.0
// Requests to end, from Ctrl-C or the system: long work looks at a flag, so that it ends in order,
// and tests raise the same flag.
#pragma once

#include <atomic>
#include <csignal>
#include <string_view>

#include "lib/base/error.hpp"

namespace obsctl {

// How urgent the request is. A first one lets work in hand be finished, a second one does not.
enum class StopLevel { none, finish, now };

// Set by a signal handler, read by any thread.
class StopFlag {
 public:
  [[nodiscard]] StopLevel level() const noexcept {
    const int requests = requests_.load(std::memory_order_relaxed);
    return requests == 0 ? StopLevel::none : requests == 1 ? StopLevel::finish : StopLevel::now;
  }
  // One more request, of SIGINT, SIGTERM or SIGHUP. Safe in a signal handler.
  void request(int signal = SIGINT) noexcept;

  // 130 when the last request was SIGINT, otherwise 143: a terminal that closes ends as politely as
  // a service manager.
  [[nodiscard]] int exit_code() const noexcept;
  // The error of work that did not come to its end: "SUBJECT was interrupted".
  [[nodiscard]] Failure failure(std::string_view subject) const;

 private:
  std::atomic<int> requests_{0};
  std::atomic<int> signal_{SIGINT};
};

// Turns SIGINT, SIGTERM and SIGHUP (unless it was ignored) into requests while it lives, and restores
// what was there before: only work that looks at the flag may hold them back. One at a time in a
// process.
class StopSignals {
 public:
  explicit StopSignals(StopFlag& flag);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
  struct sigaction old_hup_ = {};
};

}  // namespace obsctl
