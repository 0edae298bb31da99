// SPDX-License-Identifier: Apache-2.0
// The two handlers, and what an interrupted command answers.
#include "lib/io/signals.hpp"

#include <fmt/format.h>

namespace obsctl {
namespace {

// A handler can reach nothing else.
std::atomic<StopFlag*> g_flag{nullptr};
static_assert(std::atomic<StopFlag*>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

extern "C" void on_stop_signal(int signal) {
  if (StopFlag* flag = g_flag.load()) {
    flag->request(signal);
  }
}

}  // namespace

void StopFlag::request(int signal) noexcept {
  signal_.store(signal, std::memory_order_relaxed);
  if (level() != StopLevel::now) {
    requests_.fetch_add(1, std::memory_order_relaxed);
  }
}

int StopFlag::exit_code() const noexcept {
  return signal_.load(std::memory_order_relaxed) == SIGINT ? exit_code::interrupted
                                                           : exit_code::terminated;
}

Failure StopFlag::failure(std::string_view subject) const {
  const bool terminated = exit_code() == exit_code::terminated;
  return fail(terminated ? Code::terminated : Code::interrupted,
              fmt::format("{} was {}", subject, terminated ? "terminated" : "interrupted"));
}

StopSignals::StopSignals(StopFlag& flag) {
  g_flag.store(&flag);
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;  // without SA_RESTART: a waiting call returns
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaddset(&action.sa_mask, SIGHUP);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
  sigaction(SIGHUP, nullptr, &old_hup_);
  if (old_hup_.sa_handler != SIG_IGN) {  // nohup
    sigaction(SIGHUP, &action, nullptr);
  }
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  sigaction(SIGHUP, &old_hup_, nullptr);
  g_flag.store(nullptr);
}

}  // namespace obsctl
