// Ctrl-C: the first one ends a run in order, the second one at once.
#pragma once

#include "lib/loadgen/run.hpp"

namespace obsctl::loadgen {

// The process' flag; a signal handler can reach nothing else.
[[nodiscard]] StopFlag& stop_flag();

// Handles SIGINT and SIGTERM while it lives; restores what was there before.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
};

}  // namespace obsctl::loadgen
