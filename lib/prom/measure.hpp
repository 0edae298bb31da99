// What a running stack tells about itself: rates, bytes per item, memory. Read from its own
// metrics.
//
// Metric names are taken with and without `_total` and unit suffix, because that depends on the
// collector's telemetry settings. Jaeger embeds a collector and would be counted twice, so it is
// left out of the collector's numbers.
#pragma once

#include <string>
#include <vector>

#include "lib/prom/query.hpp"

namespace obsctl::prom {

struct Measurement {
  std::string name;  // key of the calibration, for example "spans_per_second"
  std::string unit;
  std::optional<double> value;  // nothing: not measurable now
  std::string query;            // the one that answered, or the last one tried
  std::string missing;          // why there is no value
};

// Everything that can be measured, in a fixed order; the longest window of 1d, 1h, 15m, 5m and 2m
// that has data decides. Errors: only when the server cannot be asked at all.
[[nodiscard]] Result<std::vector<Measurement>> measure(const QueryClient& client);

}  // namespace obsctl::prom
