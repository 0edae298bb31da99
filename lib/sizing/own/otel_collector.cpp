// SPDX-License-Identifier: Apache-2.0
// The OpenTelemetry Collector: cores by spans, data points and log records, memory by cores.
#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing::own {
namespace {

Quantity cores(const ComponentInputs& in) {
  return calc("P01", "collector cores",
              {in.load.spans, constant(in, "collector_spans_core", "spans/s per core", "spans/s"),
               in.load.samples.input(),
               constant(in, "collector_points_core", "samples/s per core", "samples/s"),
               in.load.lines, constant(in, "collector_lines_core", "lines/s per core", "lines/s")});
}

Quantity memory(const ComponentInputs& in) {
  return calc("P02", "collector memory",
              {cores(in).input(), constant(in, "collector_gb_core", "GB per core", "GB")});
}

}  // namespace

OwnRules otel_collector() {
  return {.component = "otel-collector", .cores = cores, .memory = memory};
}

}  // namespace obsctl::sizing::own
