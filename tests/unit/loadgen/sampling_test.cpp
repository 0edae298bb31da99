// SPDX-License-Identifier: Apache-2.0
// The tail-sampling check against a tail sampler that really looks at the bytes.
#include "lib/loadgen/sampling.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <map>

#include "lib/loadgen/compile.hpp"
#include "lib/otlp/decode.hpp"

using namespace obsctl;
using namespace obsctl::loadgen;

namespace {

constexpr double k_rate = 5000;  // spans/s
constexpr std::uint64_t k_second = 1'000'000'000;
constexpr std::uint64_t k_begin = 1'800'000'000 * k_second;

// Gathers the spans of a trace until `wait` after the first, as the collector's processor does.
class Sampler {
 public:
  explicit Sampler(double wait) : wait_(static_cast<std::uint64_t>(wait * 1e9)) {}

  void take(const otlp::TraceRequest& request, std::uint64_t now) {
    for (const auto& resource : request.resources) {
      for (const auto& scope : resource.scopes) {
        for (const otlp::Span& span : scope.items) {
          take(span, now);
        }
      }
    }
  }

  [[nodiscard]] std::uint64_t traces() const { return traces_.size(); }
  [[nodiscard]] std::uint64_t errors() const {
    return count([](const Trace& t) { return t.error; });
  }
  [[nodiscard]] std::uint64_t exceptions() const {
    return count([](const Trace& t) { return t.exception; });
  }
  [[nodiscard]] std::uint64_t slow(double threshold) const {
    return count([&](const Trace& t) {
      return t.last - t.first >= static_cast<std::uint64_t>(std::llround(threshold * 1e9));
    });
  }

 private:
  struct Trace {
    std::uint64_t arrived = 0;
    std::uint64_t first = UINT64_MAX;
    std::uint64_t last = 0;
    bool error = false;
    bool exception = false;
  };

  void take(const otlp::Span& span, std::uint64_t now) {
    Trace& trace = traces_.try_emplace(span.trace_id.value(), Trace{.arrived = now}).first->second;
    if (now >= trace.arrived + wait_) {
      return;  // decided
    }
    trace.first = std::min<std::uint64_t>(trace.first, span.start_time);
    trace.last = std::max<std::uint64_t>(trace.last, span.end_time);
    trace.error = trace.error || span.status == otlp::StatusCode::error;
    for (const otlp::SpanEvent& event : span.events) {
      trace.exception = trace.exception || event.name == "exception";
    }
  }

  template <class Test>
  [[nodiscard]] std::uint64_t count(const Test& test) const {
    std::uint64_t sum = 0;
    for (const auto& [id, trace] : traces_) {
      sum += test(trace) ? 1 : 0;
    }
    return sum;
  }

  std::uint64_t wait_;
  std::map<otlp::TraceId, Trace> traces_;
};

// Sends the payload's requests on schedule into the sampler and tells the report of such a run.
RunResult send_all(const Payload& payload, std::int64_t requests, Sampler& into) {
  const Ring& ring = *payload.traces;
  RunResult result;
  result.trace_uses.assign(ring.requests.size(), 0);
  result.next_request[0] = requests;
  for (std::int64_t i = 0; i < requests; ++i) {
    const RequestTemplate& request = ring.requests[ring.index_of(i)];
    const double due = static_cast<double>(result.signals[0].sent) / k_rate;
    const std::uint64_t now = k_begin + static_cast<std::uint64_t>(due * 1e9);
    std::string bytes = request.bytes;
    patch(ring, request, Ids(1),
          {.lap = ring.lap_of(i), .time = now, .start = k_begin, .seconds = due, .newest_trace = 0},
          bytes.data());
    const auto decoded =
        otlp::decode(otlp::Signal::traces, otlp::Encoding::protobuf, otlp::bytes_of(bytes));
    REQUIRE(decoded);
    into.take(std::get<otlp::TraceRequest>(*decoded), now);
    ++result.trace_uses[ring.index_of(i)];
    result.signals[0].sent += request.items;
  }
  return result;
}

Scenario split_scenario(double late_by) {
  auto scenario = shipped_scenario("late-split");
  REQUIRE(scenario);
  scenario->mix.late = 0.1;
  scenario->mix.late_by = {late_by};
  scenario->mix.errors = 0.05;
  return *scenario;
}

}  // namespace

TEST_CASE("traces in two parts are predicted as a sampler sees them, first and last ones too") {
  const SamplingPolicy policy{
      .slow_threshold = 1, .keep = 0.1, .decision_wait = 2, .drops_noise = false};
  for (const double late_by : {0.5, 3.0}) {
    for (const std::int64_t spans : {1, 17, 950, 5'003, 30'000, 43'210}) {
      CAPTURE(late_by);
      CAPTURE(spans);
      CompileOptions options;
      options.traces_rate = k_rate;
      options.spans = spans;
      const auto payload = compile(split_scenario(late_by), options);
      REQUIRE(payload);
      Sampler sampler(policy.decision_wait);
      const RunResult result =
          send_all(*payload, requests_for(*payload->traces, payload->total_spans), sampler);
      REQUIRE(result.signals[0].sent == static_cast<std::uint64_t>(spans));
      const SamplingReport report = expect_sampling(*payload, result, policy, true);
      // What the count cut off from the last request may change the trace that it belongs to.
      CHECK(report.unsure <= 10);
      CHECK((report.unsure == 0 || payload->cut_followers == report.unsure));
      const auto within = [&report](std::uint64_t a, std::uint64_t b) {
        return std::max(a, b) - std::min(a, b) <= report.unsure;
      };
      CHECK(within(report.traces, sampler.traces()));
      CHECK(within(report.errors, sampler.errors()));
      CHECK(within(report.exceptions, sampler.exceptions()));
      CHECK(within(report.slow_all, sampler.slow(policy.slow_threshold)));
      CHECK(report.traces == report.errors + report.slow + report.rest);
    }
  }
}

TEST_CASE("the check compares totals, policies and what arrived behind the sampler") {
  SamplingReport report;
  report.policy.keep = 0.1;
  report.traces = report.rest = 1000;
  report.vip = report.vip_rest = 50;
  report.policies = {{"errors", 0}, {"rest", 100, std::sqrt(90.0)}, {"vip", 50}};
  Snapshot before;
  Snapshot after;
  after.samples = true;
  after.sampled_traces = 150;
  after.dropped_traces = 850;
  after.policies = {{"errors", 0}, {"rest", 104}, {"vip", 50}};
  SamplingReport good = report;
  check_sampling(good, before, after);
  CHECK(good.expected == doctest::Approx(50 + 95));  // VIP traces, and 10 % of the other 950
  CHECK(good.holds);

  SamplingReport lost = report;
  Snapshot fewer = after;
  fewer.policies["vip"] = 49;
  check_sampling(lost, before, fewer);
  CHECK_FALSE(lost.holds);

  SinkReport sink;
  sink.seen.traces = 150;
  check_sampling(good, sink);
  CHECK(good.holds);
  CHECK(good.at_sink);
  sink.seen.traces = 149;  // one was kept and did not arrive
  check_sampling(good, sink);
  CHECK_FALSE(good.holds);

  SamplingReport undecided = report;
  after.dropped_traces = 849;
  check_sampling(undecided, before, after);
  CHECK_FALSE(undecided.holds);
}
