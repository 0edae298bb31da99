// Counting what must be kept, trace by trace of the ring, times how often its request was accepted.
#include "lib/loadgen/sampling.hpp"

#include <cmath>

namespace obsctl::loadgen {

double SamplingReport::reduction() const {
  return traces == 0 ? 0 : 1 - expected / static_cast<double>(traces);
}

SamplingReport expect_sampling(const Payload& payload, const RunResult& result,
                               const SamplingPolicy& policy) {
  SamplingReport out;
  out.policy = policy;
  if (!payload.traces) {
    return out;
  }
  const auto limit = static_cast<std::int64_t>(policy.slow_threshold * 1e9);
  double kept_spans = 0;
  double rest_spans = 0;
  for (std::size_t i = 0; i < result.trace_uses.size(); ++i) {
    const std::uint64_t uses = result.trace_uses[i];
    const RequestTemplate& request = payload.traces->requests[i];
    for (std::int64_t t = 0; t < request.traces && uses > 0; ++t) {
      const TraceTruth& truth = payload.truth[static_cast<std::size_t>(request.first_trace + t)];
      const auto spans = static_cast<double>(truth.spans) * static_cast<double>(uses);
      out.traces += uses;
      out.vip += truth.vip ? uses : 0;
      if (policy.drops_noise && truth.facts.noise && !truth.facts.error) {
        out.noise += uses;
      } else if (truth.facts.error || truth.facts.exception) {
        out.errors += uses;
        kept_spans += spans;
      } else if (truth.facts.length >= limit) {
        out.slow += uses;
        kept_spans += spans;
      } else {
        out.rest += uses;
        rest_spans += spans;
      }
    }
  }
  const auto rest = static_cast<double>(out.rest);
  out.expected = static_cast<double>(out.errors + out.slow) + rest * policy.keep;
  out.deviation = std::sqrt(rest * policy.keep * (1 - policy.keep));
  out.expected_spans = kept_spans + rest_spans * policy.keep;
  return out;
}

void check_sampling(SamplingReport& report, const Snapshot& before, const Snapshot& after) {
  if (!after.samples) {
    return;
  }
  report.checked = true;
  report.kept = after.sampled_traces - before.sampled_traces;
  report.decided = report.kept + after.dropped_traces - before.dropped_traces;
  const auto certain = static_cast<double>(report.errors + report.slow);
  const double sampled = static_cast<double>(report.traces - report.noise);
  // Four standard deviations: a false alarm once in sixteen thousand runs.
  report.holds = report.decided == sampled && report.kept >= certain &&
                 std::abs(report.kept - report.expected) <= 4 * report.deviation + 0.5;
}

}  // namespace obsctl::loadgen
