// SPDX-License-Identifier: Apache-2.0
// Measures a running stack by its own metrics: of several queries and windows, the best that has an
// answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/prom/query.hpp"

namespace obsctl::prom {

// PromQL from the best to the least that still is a measurement. WINDOW stands for a window.
struct Probe {
  std::string name;
  std::vector<std::string> queries;
};

struct Measurement {
  std::string name;
  std::optional<double> value;  // nothing: not measurable now
  std::string query;            // the one that answered, or the last one tried
};

// Each probe in turn; the longest window of 1d, 1h, 15m, 5m and 2m that has data decides. Errors:
// only when the server cannot be asked at all.
[[nodiscard]] Result<std::vector<Measurement>> measure(const QueryClient& client,
                                                       const std::vector<Probe>& probes);

}  // namespace obsctl::prom
