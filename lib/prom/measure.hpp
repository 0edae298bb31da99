// SPDX-License-Identifier: Apache-2.0
// Measures a running stack by its own metrics: of several queries and windows, the best that has an
// answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/io/clock.hpp"
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

// How long all probes together may take: a server that answers each of some sixty queries just
// before its own timeout would hold whoever waits for a quarter of an hour.
inline constexpr Duration k_measure_timeout = {40};

// Each probe in turn; the longest window of 1d, 1h, 15m, 5m and 2m that has data decides. Errors:
// the server cannot be asked, is too slow for all of it, or answers what no stack has.
[[nodiscard]] Result<std::vector<Measurement>> measure(const QueryClient& client,
                                                       const std::vector<Probe>& probes,
                                                       const Clock& clock);

}  // namespace obsctl::prom
