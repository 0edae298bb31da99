// SPDX-License-Identifier: Apache-2.0
// The time and waiting, injectable so that tests set the one and skip the other.
#pragma once

#include <chrono>

#include "lib/base/units.hpp"
#include "lib/io/signals.hpp"

namespace obsctl {

class Clock {
 public:
  virtual ~Clock() = default;

  // The time of day, which may be set back.
  [[nodiscard]] virtual std::chrono::system_clock::time_point now() const = 0;
  // Only for differences: never goes back.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point monotonic() const = 0;

  // Waits, but no longer than until `stop` reaches `wakes`. True when the time has passed.
  virtual bool sleep(Duration duration, const StopFlag& stop,
                     StopLevel wakes = StopLevel::finish) = 0;

  // Seconds since a monotonic() time.
  [[nodiscard]] Duration since(std::chrono::steady_clock::time_point start) const {
    return {std::chrono::duration<double>(monotonic() - start).count()};
  }
};

class OsClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::system_clock::time_point now() const override {
    return std::chrono::system_clock::now();
  }
  [[nodiscard]] std::chrono::steady_clock::time_point monotonic() const override {
    return std::chrono::steady_clock::now();
  }
  bool sleep(Duration duration, const StopFlag& stop, StopLevel wakes) override;
};

}  // namespace obsctl
