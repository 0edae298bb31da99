// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until somebody waits, so that what waits for minutes is tested at once.
#pragma once

#include <algorithm>
#include <functional>

#include "lib/io/clock.hpp"

namespace obsctl::test {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::system_clock::time_point now() const override { return now_; }
  [[nodiscard]] std::chrono::steady_clock::time_point monotonic() const override {
    return monotonic_;
  }
  bool sleep(Duration duration, const StopFlag& stop, StopLevel wakes) override {
    if (stop.level() >= wakes) {
      return false;
    }
    pass(duration);
    if (on_sleep) {
      on_sleep();
    }
    return stop.level() < wakes;
  }

  void pass(Duration duration) {
    const auto length =
        std::chrono::nanoseconds(static_cast<long long>(std::min(duration.seconds, 1e9) * 1e9));
    now_ += length;
    monotonic_ += length;
  }

  std::function<void()> on_sleep = {};  // what happens in the meantime

 private:
  std::chrono::system_clock::time_point now_{std::chrono::seconds(1'700'000'000)};
  std::chrono::steady_clock::time_point monotonic_{};
};

}  // namespace obsctl::test
