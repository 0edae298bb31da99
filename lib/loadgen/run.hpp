// SPDX-License-Identifier: Apache-2.0
// One run: a plan goes in, what happened comes out.
//
// Open loop: the schedule says when a request is due and nothing the target does can move it. A
// request that cannot leave in time is late, one that cannot leave at all is unsent, and both are
// counted.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/io/signals.hpp"
#include "lib/loadgen/compile.hpp"
#include "lib/loadgen/histogram.hpp"
#include "lib/loadgen/profile.hpp"
#include "lib/otlp/retry.hpp"
#include "lib/otlp/transport.hpp"

namespace obsctl::loadgen {

// Items of one signal by their fate. Every sent item has exactly one:
//   sent = accepted + rejected + refused + failed + unknown
struct SignalTally {
  std::uint64_t sent = 0;         // items of requests that left at least once, or were tried
  std::uint64_t accepted = 0;     // acknowledged
  std::uint64_t rejected = 0;     // named in a partial_success
  std::uint64_t refused = 0;      // answered with an error, for good or until we gave up
  std::uint64_t failed = 0;       // surely not delivered: no connection
  std::uint64_t unknown = 0;      // no answer: delivered or not
  std::uint64_t unsent = 0;       // due but never sent, because the run ended first
  std::uint64_t retried = 0;      // items × attempts beyond the first
  std::uint64_t maybe_twice = 0;  // sent again after an attempt without an answer
  std::uint64_t requests = 0;
  std::uint64_t requests_unsent = 0;
  std::uint64_t body_bytes = 0;  // encoded, before compression
  std::uint64_t wire_out = 0;    // as framed by HTTP, every attempt
  std::uint64_t wire_in = 0;

  void add(const SignalTally& other);
  [[nodiscard]] bool balanced() const {
    return sent == accepted + rejected + refused + failed + unknown;
  }
};

enum class Unit : std::uint8_t { items, requests };

[[nodiscard]] constexpr auto names_of(Unit) {
  return std::to_array<Named<Unit>>({{Unit::items, "items"}, {Unit::requests, "requests"}});
}

struct Plan {
  const Payload* payload = nullptr;
  std::uint64_t seed = 1;
  otlp::Protocol protocol = otlp::Protocol::grpc;
  otlp::ClientOptions client = {};
  otlp::RetryPolicy retry = {};
  double retry_rate = std::numeric_limits<double>::infinity();  // items/s of all workers together
  bool max = false;  // closed loop: as fast as the target answers
  Profile profile = Profile::constant(0);
  Unit unit = Unit::items;
  std::array<double, otlp::k_signals> share = {1, 0, 0};              // of the rate, sum 1
  std::array<std::int64_t, otlp::k_signals> requests = {-1, -1, -1};  // at most; -1: no limit
  double duration = 10;  // seconds, 0: until the counts are reached
  double warmup = 0;     // seconds at the start that latencies do not count
  unsigned workers = 1;
  std::int64_t shard = 0;  // this process' part of the request numbers …
  std::int64_t shards = 1;
  std::array<std::int64_t, otlp::k_signals> first_request = {0, 0, 0};  // numbers already used up
  double late_after = 0.01;                                             // seconds

  // Seconds to wait for answers at the end: whatever a request may take, and time for retries.
  [[nodiscard]] double drain() const;
};

struct RunResult {
  std::array<SignalTally, otlp::k_signals> signals;
  Histogram latency;                              // from the intended time of sending to the answer
  Histogram service;                              // from the actual time of sending to the answer
  Histogram lateness;                             // from the intended to the actual time of sending
  std::uint64_t late_by_target = 0;               // late requests while every stream was busy
  std::uint64_t late_by_generator = 0;            // late for our own reasons
  std::vector<std::uint64_t> trace_uses;          // accepted requests by template of the trace ring
  std::map<std::string, std::uint64_t> causes;    // why requests were not accepted
  std::map<std::string, std::uint64_t> warnings;  // words of servers that accepted all the same
  std::uint64_t unauthorized = 0;                 // answers that asked for other credentials
  otlp::ClientStats connections;
  double started_at = 0;               // seconds since 1970
  double seconds = 0;                  // until the last request was sent
  double load_seconds = 0;             // that the load lasted: what rates are over; 0: not known
  double total_seconds = 0;            // until the last answer
  double cpu_seconds = 0;              // of this process
  double rss_bytes = 0;                // highest resident size of this process
  double stalled_seconds = 0;          // in which this process did not run …
  std::uint64_t stalled_requests = 0;  // … and requests whose times therefore say nothing
  bool interrupted = false;
  std::array<std::int64_t, otlp::k_signals> next_request = {0, 0, 0};

  void add(const RunResult& other);
  [[nodiscard]] SignalTally total() const;
  // True when the generator, not the target, was what held the rate back.
  [[nodiscard]] bool generator_bound() const;
};

// What the run is doing now; read by another thread.
struct Live {
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> lost{0};  // rejected, refused, failed, unknown
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::int64_t> lag_ns{0};  // how far behind the schedule
};

// Called a few times per second while the run lasts.
using OnProgress = std::function<void(double seconds, const Live&)>;

// Seconds that the load of the plan lasted, given what was sent: a request stands for the time until
// the next one is due, and a run that fell behind took as long as it really did.
[[nodiscard]] double load_seconds(const Plan& plan, const RunResult& result);

// Requests of this ring that hold `items` items.
[[nodiscard]] std::int64_t requests_for(const Ring& ring, std::int64_t items);

// Runs the plan. Errors: options that cannot work, or a target that cannot be reached at the start;
// whatever happens later is part of the result.
[[nodiscard]] Result<RunResult> run(const Plan& plan, const StopFlag& stop,
                                    const OnProgress& progress);

}  // namespace obsctl::loadgen
