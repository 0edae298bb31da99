// SPDX-License-Identifier: Apache-2.0
// How a run is going, in one line for the terminal.
#pragma once

#include <deque>
#include <string>

#include "lib/loadgen/run.hpp"

namespace obsctl::loadgen {

class ProgressText {
 public:
  // `seconds` since the start of `duration` planned ones (0: unknown). The rate is that of the last
  // seconds, because requests come in whole batches.
  [[nodiscard]] std::string line(double seconds, double duration, const Live& live);

 private:
  struct Reading {
    double seconds;
    double sent;
  };
  std::deque<Reading> readings_;  // of the last seconds, oldest first
};

}  // namespace obsctl::loadgen
