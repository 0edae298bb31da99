// SPDX-License-Identifier: Apache-2.0
// Tempo: distributors and live-stores by the MB/s of spans that reach it.
#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing::own {
namespace {

Quantity trace_stream(const ComponentInputs& in) {
  const Quantity kept =
      calc("D17", "spans stored", {in.load.spans, in.load.kept.input()}, "spans/s");
  return calc("D11", "trace stream", {kept.input(), in.load.span_size});
}

Quantity cores(const ComponentInputs& in) {
  return calc("P07", "trace store cores",
              {trace_stream(in).input(),
               constant(in, "tempo_distributor_mb", "MB/s per distributor", "MB/s"),
               constant(in, "tempo_livestore_mb", "MB/s per live-store", "MB/s")});
}

Quantity memory(const ComponentInputs& in) {
  return calc("P06", "trace store memory",
              {trace_stream(in).input(),
               constant(in, "tempo_distributor_mb", "MB/s per distributor", "MB/s"),
               constant(in, "tempo_livestore_mb", "MB/s per live-store", "MB/s"),
               constant(in, "tempo_livestore_gb", "GB per live-store", "GB")});
}

}  // namespace

OwnRules tempo() {
  return {.component = "tempo", .cores = cores, .memory = memory};
}

}  // namespace obsctl::sizing::own
