// SPDX-License-Identifier: Apache-2.0
// Chooses how large the rings are and compiles them.
#include "lib/loadgen/compile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/hash.hpp"
#include "lib/loadgen/compile_parts.hpp"

namespace obsctl::loadgen {
namespace {

constexpr std::size_t k_requests = 16;            // at least so many different requests per signal
constexpr std::size_t k_ring_bytes = 12U << 20U;  // unless the ring would become larger than this
constexpr std::int64_t k_whole_traces = 20'000;   // counted traces that a larger ring may hold
constexpr std::size_t k_request_limit = 64U << 20U;  // what OTLP advises receivers to take

// Traces of the ring. A multiple of 1000, so that shares such as 0.5 % hold exactly over every lap.
std::size_t ring_traces(const Scenario& scenario, const CompileOptions& options) {
  const TraceRing probe = draw_ring(scenario, 100, options.seed);
  const double spans = std::max(1.0, static_cast<double>(probe.spans) / 100);
  const double wanted =
      static_cast<double>(k_requests) * static_cast<double>(options.batch) / spans;
  const auto size = static_cast<double>(std::max<std::size_t>(scenario.span_size, 300));
  const double most = static_cast<double>(k_ring_bytes) / (spans * size);
  // Traces in two parts are all complete only in a run that the ring holds as a whole.
  const bool parts = scenario.mix.split > 0 || scenario.mix.late > 0;
  const double whole = parts && options.whole_traces <= k_whole_traces
                           ? static_cast<double>(options.whole_traces)
                           : 0;
  const double thousands = std::ceil(std::max(std::min(wanted, most), whole) / 1000);
  return static_cast<std::size_t>(std::max(1.0, thousands)) * 1000;
}

std::string fingerprint_of(const Payload& payload, const CompileOptions& options) {
  const Ids ids(options.seed);
  std::string all = fmt::format("seed {}\n", options.seed);
  for (const auto* ring : {&payload.traces, &payload.metrics, &payload.logs}) {
    if (!*ring) {
      continue;
    }
    std::string digests;
    for (std::size_t i = 0; i < (*ring)->size; ++i) {
      const RequestTemplate& request = (*ring)->requests[i];
      std::string bytes = request.bytes;
      patch(**ring, request, ids,
            {.lap = 0, .time = k_time_base, .start = k_time_start, .seconds = 0, .newest_trace = 0},
            bytes.data());
      digests += sha256_hex(bytes);
    }
    all += fmt::format("{} {}\n", otlp::signal_name((*ring)->signal), sha256_hex(digests));
  }
  return sha256_hex(all);
}

Result<void> check_sizes(const Ring& ring) {
  if (ring.items == 0) {
    return fail(Code::config,
                fmt::format("the scenario has no {} to send", otlp::item_name(ring.signal)),
                "give it operations, metrics or log lines, or restrict the signals to send");
  }
  for (const RequestTemplate& request : ring.requests) {
    if (request.bytes.size() > k_request_limit) {
      return fail(Code::usage,
                  fmt::format("a request of {} {} has {} bytes, more than the 64 MiB of OTLP",
                              request.items, otlp::item_name(ring.signal), request.bytes.size()),
                  "send fewer items per request");
    }
  }
  return {};
}

}  // namespace

Result<Payload> compile(const Scenario& scenario, const CompileOptions& options) {
  Payload out;
  const bool with_traces = scenario.traces_rate > 0;
  const TraceRing ring = scenario.roots.empty()
                             ? TraceRing{}
                             : draw_ring(scenario, ring_traces(scenario, options), options.seed);
  if (with_traces) {
    out.traces = compile_traces(scenario, options, ring, out);
    OBS_TRY(check_sizes(*out.traces));
    out.spans_per_trace = static_cast<double>(ring.spans) /
                          static_cast<double>(std::max<std::size_t>(1, ring.drafts.size()));
  }
  if (scenario.logs_rate > 0) {
    out.logs = compile_logs(scenario, options, ring, with_traces);
    OBS_TRY(check_sizes(*out.logs));
  }
  if (scenario.metrics_rate > 0) {
    out.metrics = compile_metrics(scenario, options, with_traces, out);
    OBS_TRY(check_sizes(*out.metrics));
    if (with_traces) {
      out.metrics->traces = out.traces->traces;
      out.metrics->spans = out.traces->spans;
      out.metrics->root_span = out.traces->root_span;
    }
  }
  if (!out.traces && !out.logs && !out.metrics) {
    return fail(Code::config, fmt::format("scenario '{}' sends nothing", scenario.name),
                "give it a rate for traces, metrics or logs");
  }
  out.fingerprint = fingerprint_of(out, options);
  return out;
}

}  // namespace obsctl::loadgen
