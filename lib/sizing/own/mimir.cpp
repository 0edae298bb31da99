// SPDX-License-Identifier: Apache-2.0
// Mimir: ingesters by series in memory, distributors by samples.
#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing::own {
namespace {

Quantity cores(const ComponentInputs& in) {
  return calc("P05", "metrics store cores",
              {in.load.series, constant(in, "mimir_replication", "copies", ""),
               constant(in, "mimir_ingester_series", "series per ingester", "series"),
               in.load.samples.input(),
               constant(in, "mimir_samples_core", "samples/s per distributor", "samples/s")});
}

Quantity memory(const ComponentInputs& in) {
  return calc("P04", "metrics store memory",
              {in.load.series, constant(in, "mimir_replication", "copies", ""),
               constant(in, "mimir_ingester_series", "series per ingester", "series"),
               constant(in, "mimir_ingester_gb", "GB per ingester", "GB"), in.load.samples.input(),
               constant(in, "mimir_samples_core", "samples/s per distributor", "samples/s")});
}

}  // namespace

OwnRules mimir() {
  return {.component = "mimir", .cores = cores, .memory = memory};
}

}  // namespace obsctl::sizing::own
