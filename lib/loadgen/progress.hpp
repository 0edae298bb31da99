// SPDX-License-Identifier: Apache-2.0
// How a run is going, in one line for the terminal.
#pragma once

#include <string>

#include "lib/loadgen/run.hpp"

namespace obsctl::loadgen {

class ProgressText {
 public:
  // `seconds` since the start of `duration` planned ones (0: unknown). The rate is that since the
  // line before.
  [[nodiscard]] std::string line(double seconds, double duration, const Live& live);

 private:
  double last_seconds_ = 0;
  double last_sent_ = 0;
};

}  // namespace obsctl::loadgen
