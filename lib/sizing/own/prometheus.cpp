// SPDX-License-Identifier: Apache-2.0
// Prometheus: memory by active series.
#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing::own {
namespace {

Quantity memory(const ComponentInputs& in) {
  return calc(
      "P03", "metrics store memory",
      {in.load.series, constant(in, "prometheus_series_bytes", "bytes of memory per series", "B")});
}

}  // namespace

OwnRules prometheus() {
  return {.component = "prometheus", .memory = memory};
}

}  // namespace obsctl::sizing::own
