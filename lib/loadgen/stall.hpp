// SPDX-License-Identifier: Apache-2.0
// When the generator itself stood still: stopped, suspended, or without a processor. What was due or
// on its way meanwhile says nothing about the target.
#pragma once

#include <algorithm>

#include "lib/otlp/types.hpp"

namespace obsctl::loadgen {

class StallWatch {
 public:
  // The next turn of the loop begins at `wake` at the latest.
  void expect(otlp::Time wake) { wake_ = wake; }
  // True when a turn that begins now is later than the work of the loop explains.
  [[nodiscard]] bool stalled(otlp::Time now) const { return now - wake_ > k_stall; }

  // Notes the stall that ends now. Returns its seconds. The one before goes on when what was due in
  // it, at `next_due`, has yet to be sent.
  double note(otlp::Time now, otlp::Time next_due) {
    const double seconds = std::chrono::duration<double>(now - wake_).count();
    begin_ = next_due <= end_ ? begin_ : wake_;
    end_ = now;
    wake_ = now;
    return seconds;
  }
  [[nodiscard]] bool covers(otlp::Time due) const { return due >= begin_ && due <= end_; }

 private:
  static constexpr std::chrono::milliseconds k_stall{100};

  otlp::Time wake_ = {};
  otlp::Time begin_ = otlp::Time::max();
  otlp::Time end_ = otlp::Time::min();
};

}  // namespace obsctl::loadgen
