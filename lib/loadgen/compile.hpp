// SPDX-License-Identifier: Apache-2.0
// From a scenario to the rings of request templates that a run sends.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lib/loadgen/request_template.hpp"
#include "lib/loadgen/scenario.hpp"
#include "lib/loadgen/trace_draft.hpp"

namespace obsctl::loadgen {

struct CompileOptions {
  std::uint64_t seed = 1;
  otlp::Encoding encoding = otlp::Encoding::protobuf;
  std::int64_t batch = 100;  // items per request
  bool sequence = false;     // give every item an attribute obsctl.seq with its number
  // Items per second, to place what comes late and to say how long an export interval is; 0:
  // unknown.
  double traces_rate = 0;
  double metrics_rate = 0;
  double logs_rate = 0;
  // Items of the whole run by signal, 0: not counted. Traces may be counted in whole traces
  // instead, or end with whichever comes first.
  std::int64_t spans = 0;
  std::int64_t points = 0;
  std::int64_t records = 0;
  std::int64_t whole_traces = 0;
};

// What is known about every trace of the ring.
struct TraceRecord {
  TraceFacts facts;  // of all its spans
  std::uint32_t spans = 0;
  bool vip = false;
  TraceClass kind = TraceClass::normal;
  // A trace in two parts: the second comes with the trace that is `lag` later; 0: in one part.
  std::int64_t lag = 0;
  double late_by = 0;  // seconds by which the second part comes; 0: with one of the next requests
  std::uint32_t early_spans = 0;
  TraceFacts early = {};  // of the first part alone
  TraceFacts rest = {};   // of the second part alone
};

struct Payload {
  std::optional<Ring> traces;
  std::optional<Ring> metrics;
  std::optional<Ring> logs;
  std::vector<TraceRecord> trace_records;  // per trace of the ring
  std::int64_t total_spans = 0;            // of the run when it is counted, 0 otherwise
  double spans_per_trace = 0;
  double series = 0;  // distinct series that the metrics cover
  // The last trace of a run that is counted in spans, when the count ends inside it …
  std::optional<TraceRecord> cut;
  std::uint64_t cut_followers = 0;  // … or so many spans of others that would have come with it
  std::string fingerprint;          // SHA-256 of one lap with time base 0, 64 hex digits
};

// Encodes everything once. Errors: a scenario without anything to send, a request that would exceed
// 64 MiB.
[[nodiscard]] Result<Payload> compile(const Scenario& scenario, const CompileOptions& options);

}  // namespace obsctl::loadgen
