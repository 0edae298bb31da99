// SPDX-License-Identifier: Apache-2.0
// Waiting in slices: a signal may reach another thread, so the flag has to be looked at.
#include "lib/io/clock.hpp"

#include <time.h>

#include <algorithm>

namespace obsctl {

bool OsClock::sleep(Duration duration, const StopFlag& stop, StopLevel wakes) {
  constexpr double k_slice = 0.05;
  const auto start = monotonic();
  for (;;) {
    if (stop.level() >= wakes) {
      return false;
    }
    const double left = duration.seconds - since(start).seconds;
    if (left <= 0) {
      return true;
    }
    const timespec slice = {0, static_cast<long>(std::min(left, k_slice) * 1e9)};
    ::nanosleep(&slice, nullptr);  // a signal ends it early, and the flag is looked at
  }
}

}  // namespace obsctl
