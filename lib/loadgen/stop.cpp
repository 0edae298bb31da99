// A lock-free flag and two handlers.
#include "lib/loadgen/stop.hpp"

#include <csignal>

namespace obsctl::loadgen {
namespace {

StopFlag g_stop{0};
static_assert(StopFlag::is_always_lock_free, "a signal handler may only touch lock-free atomics");

struct sigaction g_old_int;
struct sigaction g_old_term;

extern "C" void on_stop_signal(int) {
  const int count = g_stop.load(std::memory_order_relaxed);
  g_stop.store(count < 2 ? count + 1 : 2, std::memory_order_relaxed);
}

}  // namespace

StopFlag& stop_flag() {
  return g_stop;
}

StopSignals::StopSignals() {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &g_old_int);
  sigaction(SIGTERM, &action, &g_old_term);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &g_old_int, nullptr);
  sigaction(SIGTERM, &g_old_term, nullptr);
}

}  // namespace obsctl::loadgen
