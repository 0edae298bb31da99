// SPDX-License-Identifier: Apache-2.0
// Counting what must be kept, trace by trace of the ring, times how often its request was accepted.
#include "lib/loadgen/sampling.hpp"

#include <cmath>

namespace obsctl::loadgen {
namespace {

// Adds traces up by what a tail sampler would decide about them.
class Count {
 public:
  Count(SamplingReport& report, bool drops_noise)
      : report_(report),
        drops_noise_(drops_noise),
        limit_(std::llround(report.policy.slow_threshold * 1e9)) {}

  // `times` may be negative: taken back.
  void add(const TraceFacts& facts, std::uint64_t spans, bool vip, std::int64_t times) {
    const auto n = static_cast<std::uint64_t>(times);  // modulo 2^64, so that taking back works
    const double span_sum = static_cast<double>(spans) * static_cast<double>(times);
    report_.traces += n;
    if (drops_noise_ && facts.noise && !facts.error) {
      report_.noise += n;
      return;
    }
    const bool error = facts.error || facts.exception;
    const bool slow = facts.length >= limit_;
    report_.vip += vip ? n : 0;
    report_.exceptions += facts.exception ? n : 0;
    report_.slow_all += slow ? n : 0;
    report_.errors += error ? n : 0;
    report_.slow += slow && !error ? n : 0;
    if (error || slow) {
      kept_spans_ += span_sum;
      return;
    }
    report_.rest += n;
    report_.vip_rest += vip ? n : 0;
    rest_spans_ += span_sum;
  }

  [[nodiscard]] double kept_spans() const { return kept_spans_; }
  [[nodiscard]] double rest_spans() const { return rest_spans_; }

 private:
  SamplingReport& report_;
  bool drops_noise_;
  std::int64_t limit_;
  double kept_spans_ = 0;
  double rest_spans_ = 0;
};

// What is there when the sampler decides.
const TraceFacts& seen_in_time(const TraceRecord& trace, double wait) {
  return trace.lag > 0 && trace.late_by >= wait ? trace.early : trace.facts;
}

// Traces of which a part is sent before the run's first or after its last request: the spans that
// follow a trace of before are a trace of their own to the sampler, and what did not follow is
// missing in the decision.
void correct_edges(const Payload& payload, std::int64_t sent, double wait, Count& count) {
  const auto ring = static_cast<std::int64_t>(payload.trace_records.size());
  const std::int64_t whole = sent - (payload.cut ? 1 : 0);
  for (std::int64_t i = 0; i < ring; ++i) {
    const TraceRecord& trace = payload.trace_records[static_cast<std::size_t>(i)];
    if (trace.lag == 0) {
      continue;
    }
    for (std::int64_t t = i - ring; t + trace.lag >= 0; t -= ring) {
      if (t + trace.lag < sent) {
        count.add(trace.rest, trace.spans - trace.early_spans, false, 1);
      }
    }
    // The last trace of this kind that began; then back, as long as its rest was never sent.
    for (std::int64_t t = (sent - 1 - i) / ring * ring + i; t >= 0 && t + trace.lag >= sent;
         t -= ring) {
      if (t < whole) {
        count.add(seen_in_time(trace, wait), trace.spans, trace.vip, -1);
        count.add(trace.early, trace.early_spans, trace.vip, 1);
      }
    }
  }
}

// Traces that begin in the requests before number `next`.
std::int64_t traces_before(const Ring& ring, std::int64_t next) {
  if (ring.tail_request >= 0 && next > ring.tail_request) {
    const RequestTemplate& tail = ring.requests[ring.size];
    return ring.lap_of(ring.tail_request) * ring.traces + tail.first_trace + tail.traces;
  }
  const auto index = static_cast<std::size_t>(next % static_cast<std::int64_t>(ring.size));
  return ring.lap_of(next) * ring.traces + ring.requests[index].first_trace;
}

bool near(double value, double expected, double deviation, std::uint64_t unsure) {
  // Four standard deviations: a false alarm once in sixteen thousand runs.
  return std::abs(value - expected) <= 4 * deviation + 0.5 + static_cast<double>(unsure);
}

double binomial_deviation(double trials, double share) {
  return std::sqrt(trials * share * (1 - share));
}

// Sets what depends on whether VIP traces are kept as a whole, and on how many were kept for coming below the
// rate up to which all are: only the sampler knows, since its bucket fills while others send.
void expect(SamplingReport& report) {
  const double keep = report.below + (1 - report.below) * report.policy.keep;
  const auto sampled = static_cast<double>(report.traces - report.noise);
  const auto free = static_cast<double>(report.rest - (report.has_vip ? report.vip_rest : 0));
  report.expected = sampled - free + free * keep;
  report.deviation = binomial_deviation(free, keep);
}

// How many traces a policy wanted to keep between two snapshots.
double policy_growth(const Snapshot& before, const Snapshot& after, const std::string& name) {
  const auto of = [&name](const Snapshot& snapshot) {
    const auto found = snapshot.policies.find(name);
    return found == snapshot.policies.end() ? 0 : found->second;
  };
  return of(after) - of(before);
}

bool all_kept(const SamplingReport& report) {
  const auto certain =
      report.errors + report.slow + (report.has_vip ? report.vip_rest : std::uint64_t{0});
  return report.kept + static_cast<double>(report.unsure) >= static_cast<double>(certain) &&
         near(report.kept, report.expected, report.deviation, report.unsure);
}

}  // namespace

double SamplingReport::reduction() const {
  return traces == 0 ? 0 : 1 - expected / static_cast<double>(traces);
}

SamplingReport expect_sampling(const Payload& payload, const RunResult& result,
                               const SamplingPolicy& policy, bool whole_plan) {
  SamplingReport out;
  out.policy = policy;
  if (!payload.traces) {
    return out;
  }
  const Ring& ring = *payload.traces;
  Count count(out, policy.drops_noise);
  std::uint64_t accepted_spans = 0;
  for (std::size_t i = 0; i < result.trace_uses.size(); ++i) {
    const auto uses = static_cast<std::int64_t>(result.trace_uses[i]);
    const RequestTemplate& request = ring.requests[i];
    accepted_spans += result.trace_uses[i] * request.items;
    for (std::int64_t t = 0; t < request.traces && uses > 0; ++t) {
      const bool cut = i == ring.size && t + 1 == request.traces && payload.cut;
      const TraceRecord& trace =
          cut ? *payload.cut
              : payload.trace_records[static_cast<std::size_t>(request.first_trace + t)];
      count.add(seen_in_time(trace, policy.decision_wait), trace.spans, trace.vip, uses);
    }
  }
  const SignalTally& tally = result.signals[static_cast<std::size_t>(otlp::Signal::traces)];
  out.unsure = payload.cut_followers;
  out.unsure += tally.sent > accepted_spans ? tally.sent - accepted_spans : 0;
  if (whole_plan) {
    correct_edges(payload, traces_before(ring, result.next_request[0]), policy.decision_wait,
                  count);
  }
  expect(out);
  out.expected_spans = count.kept_spans() + count.rest_spans() * policy.keep;
  const auto sampled = static_cast<double>(out.traces - out.noise);
  out.policies = {{"errors", static_cast<double>(out.errors)},
                  {"slow", static_cast<double>(out.slow_all)},
                  {"exceptions", static_cast<double>(out.exceptions)},
                  {"rest", sampled * policy.keep, binomial_deviation(sampled, policy.keep)}};
  if (out.vip > 0) {
    out.policies.push_back({"vip", static_cast<double>(out.vip)});
  }
  return out;
}

void check_sampling(SamplingReport& report, const Snapshot& before, const Snapshot& after) {
  if (!after.samples) {
    return;
  }
  report.checked = report.collector = true;
  report.has_vip = report.vip > 0 && after.policies.contains("vip");
  report.kept = after.sampled_traces - before.sampled_traces;
  report.decided = report.kept + after.dropped_traces - before.dropped_traces;
  if (report.policy.keep_all_below > 0 && report.decided > 0) {
    report.below = policy_growth(before, after, "up-to-rate") / report.decided;
  }
  expect(report);
  report.holds =
      near(report.decided, static_cast<double>(report.traces - report.noise), 0, report.unsure) &&
      all_kept(report);
  for (PolicyCount& row : report.policies) {
    if (!after.policies.contains(row.name)) {
      continue;
    }
    row.checked = true;
    row.kept = policy_growth(before, after, row.name);
    row.holds = near(row.kept, row.expected, row.deviation, report.unsure);
    report.holds = report.holds && row.holds;
  }
}

void check_sampling(SamplingReport& report, const SinkReport& sink) {
  if (!sink.tells_traces()) {
    return;
  }
  const auto seen = static_cast<double>(sink.seen.traces);
  // What the collector says it kept must be what came out of it.
  const bool agrees = !report.collector || near(seen, report.kept, 0, report.unsure);
  const bool held = report.holds || !report.collector;
  report.checked = report.at_sink = true;
  report.kept = seen;
  report.holds = held && agrees && all_kept(report);
}

}  // namespace obsctl::loadgen
