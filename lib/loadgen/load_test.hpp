// SPDX-License-Identifier: Apache-2.0
// Runs a prepared load test from the first request to the verdict, so that a caller only prints
// the report.
#pragma once

#include <functional>
#include <string_view>

#include "lib/io/clock.hpp"
#include "lib/io/http.hpp"
#include "lib/loadgen/prepare.hpp"

namespace obsctl::loadgen {

// What a run needs of the world around it.
struct Surroundings {
  HttpClient& http;  // to the collector's metrics and the sink's counts; load has its own clients
  Clock& clock;
  const StopFlag& stop;
  OnProgress progress;                         // of one run or trial
  std::function<void(std::string_view)> note;  // one step was done or begins
};

// Sends, reconciles, judges the thresholds and the tier. Errors: those of run(), and metrics or
// counts that cannot be read before it; those that cannot be read after it are the report's failure.
[[nodiscard]] Result<Report> run_test(const PreparedRun& run, const Surroundings& around);

// Searches the highest rate that meets the thresholds; Report::search has every trial. Errors as
// above.
[[nodiscard]] Result<Report> search_max_rate(const PreparedRun& run, const Surroundings& around);

// An error when nothing at all was accepted: Code::unreachable without any answer, Code::failed
// when the target refused everything. A run that delivered something is judged by its thresholds.
// Says nothing about one shard: it is judged when all are put together (`merged`).
[[nodiscard]] Result<void> check_accepted(const Report& report, bool merged);

}  // namespace obsctl::loadgen
