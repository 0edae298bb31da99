// SPDX-License-Identifier: Apache-2.0
// The check of tail sampling: how many traces the generated policies must keep of exactly what was
// sent, policy by policy.
//
// The generator knows which of its traces have errors, are slow, VIP or noise, so the expectation
// is counted, not estimated; only the random share of the rest has a spread. By the reference
// documents, of 100,000 traces with 500 errors and 2,000 slow ones, 12,250 are kept at 10 %.
#pragma once

#include <string>
#include <vector>

#include "lib/loadgen/ledger.hpp"
#include "lib/loadgen/run.hpp"
#include "lib/loadgen/sink_counts.hpp"

namespace obsctl::loadgen {

// The policies of the generated stack.
struct SamplingPolicy {
  double slow_threshold = 0.5;  // seconds; a trace at least this long is slow
  double keep = 0.1;            // share of the rest
  double keep_all_below = 0;    // spans/s up to which every trace is kept
  double decision_wait = 10;    // seconds; spans that come later follow the decision
  bool drops_noise = true;      // health checks without an error are dropped
};

// What one policy must want to keep. A trace may be wanted by several.
struct PolicyCount {
  std::string name;  // as in the generated configuration: errors, slow, exceptions, rest, vip
  double expected = 0;
  double deviation = 0;  // standard deviation of that
  bool checked = false;  // the collector has a policy of this name
  double kept = 0;
  bool holds = false;
};

struct SamplingReport {
  SamplingPolicy policy;
  std::uint64_t traces = 0;  // accepted
  std::uint64_t noise = 0;
  std::uint64_t errors = 0;      // with an error status or an exception
  std::uint64_t exceptions = 0;  // of those: with an exception
  std::uint64_t slow = 0;        // and no error
  std::uint64_t slow_all = 0;
  std::uint64_t vip = 0;
  std::uint64_t vip_rest = 0;  // of those: neither error nor slow
  std::uint64_t rest = 0;      // neither error nor slow
  // Spans of requests whose fate is not simply "accepted": so many traces may differ.
  std::uint64_t unsure = 0;
  double expected = 0;   // kept
  double deviation = 0;  // standard deviation of that
  double expected_spans = 0;
  std::vector<PolicyCount> policies;
  bool checked = false;    // a collector or a sink told how many were kept
  bool has_vip = false;    // the collector has a policy `vip`, which keeps those too
  bool at_sink = false;    // `kept` are the distinct traces that a sink saw
  bool collector = false;  // `decided` is known
  double kept = 0;
  double decided = 0;
  double below = 0;    // share of the traces that the collector kept for being below that rate
  bool holds = false;  // within four standard deviations, errors and slow ones all kept

  [[nodiscard]] double reduction() const;  // share that is not kept
};

// Shards send parts of one plan, so what lies between them (traces split over two requests) can be
// told only when one process sends all.
[[nodiscard]] SamplingReport expect_sampling(const Payload& payload, const RunResult& result,
                                             const SamplingPolicy& policy, bool whole_plan);
// Compares with what the collector's tail sampler counted between two snapshots.
void check_sampling(SamplingReport& report, const Snapshot& before, const Snapshot& after);
// Compares with what arrived behind the sampler.
void check_sampling(SamplingReport& report, const SinkReport& sink);

}  // namespace obsctl::loadgen
