// SPDX-License-Identifier: Apache-2.0
// The highest rate that holds an objective: double until it breaks, bisect, confirm, go down while
// it cannot be confirmed.
#pragma once

#include <functional>
#include <vector>

#include "lib/loadgen/report.hpp"

namespace obsctl::loadgen {

struct SearchOptions {
  double start = 1000;                // items/s of the first trial
  double precision = 0.05;            // stop when the bracket is this narrow, as a share
  int max_trials = 16;                // until the knee is found …
  int max_confirmations = 10;         // … and to confirm it
  std::vector<Threshold> thresholds;  // empty: errors<0.1% and p99<500ms
};

struct SearchResult {
  Search search;
  Report last;  // of the confirmation, or of the last trial
};

using TryRate = std::function<Result<Report>(double rate)>;

// Besides the thresholds a trial must send at least 99 % of what was asked. A rate is confirmed when
// it is met a second time; one that is not lowers the rate, by the precision first and by more each
// time. When a later trial cannot be run, the search
// ends with what it has and says so. Errors are those of the first `try_rate`.
[[nodiscard]] Result<SearchResult> find_max(const SearchOptions& options, const TryRate& try_rate);

}  // namespace obsctl::loadgen
