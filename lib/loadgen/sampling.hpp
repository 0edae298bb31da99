// The tail-sampling proof: how many traces the generated policies must keep of exactly what was
// sent.
//
// The generator knows which of its traces have errors, are slow or are noise, so the expectation is
// counted, not estimated; only the random share of the rest has a spread. Golden S-01: of 100,000
// traces with 500 errors and 2,000 slow ones, 12,250 are kept at 10 %.
#pragma once

#include <string>
#include <vector>

#include "lib/loadgen/ledger.hpp"
#include "lib/loadgen/run.hpp"

namespace obsctl::loadgen {

// The policies of the generated stack.
struct SamplingPolicy {
  double slow_threshold = 0.5;  // seconds; a trace at least this long is slow
  double keep = 0.1;            // share of the rest
  bool drops_noise = true;      // health checks are filtered before
};

struct SamplingReport {
  SamplingPolicy policy;
  std::uint64_t traces = 0;  // accepted
  std::uint64_t noise = 0;
  std::uint64_t errors = 0;
  std::uint64_t slow = 0;  // and no error
  std::uint64_t vip = 0;   // for information
  std::uint64_t rest = 0;
  double expected = 0;   // kept
  double deviation = 0;  // standard deviation of that
  double expected_spans = 0;
  bool checked = false;  // a collector told how many it kept
  double kept = 0;
  double decided = 0;
  bool holds = false;  // within four standard deviations, errors and slow ones all kept

  [[nodiscard]] double reduction() const;  // share that is not kept
};

[[nodiscard]] SamplingReport expect_sampling(const Payload& payload, const RunResult& result,
                                             const SamplingPolicy& policy);
// Compares with what the collector's tail sampler counted between two snapshots.
void check_sampling(SamplingReport& report, const Snapshot& before, const Snapshot& after);

}  // namespace obsctl::loadgen
