// SPDX-License-Identifier: Apache-2.0
// VictoriaMetrics: bytes per sample with the disk that it wants free. Its memory is published as
// headroom, not as a size.
#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing::own {
namespace {

Quantity metrics_daily(const LoadInputs& in) {
  return calc("P09", "metrics stored per day",
              {in.load.series, in.load.interval,
               constant(in, "victoriametrics_sample_bytes", "bytes per sample", "B"),
               constant(in, "victoriametrics_disk_factor", "free-disk factor", "")});
}

}  // namespace

OwnRules victoriametrics() {
  return {.component = "victoriametrics", .metrics_daily = metrics_daily};
}

}  // namespace obsctl::sizing::own
