// SPDX-License-Identifier: Apache-2.0
// What OTLP says about sending again: which answers may be retried, and when. Pure functions.
//
// Source: opentelemetry-proto docs/specification.md, "OTLP/gRPC Response", "OTLP/HTTP Response",
// "Retryable Response Codes", and "Throttling".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "lib/otlp/transport.hpp"

namespace obsctl::otlp {

// True when a gRPC status may be retried. RESOURCE_EXHAUSTED (8) only with a RetryInfo from the
// server.
[[nodiscard]] bool grpc_retryable(int status, bool has_retry_info);

// True for 429, 502, 503 and 504.
[[nodiscard]] bool http_retryable(int status);

enum class RetryMode : std::uint8_t {
  honour,  // as OTLP says: wait for the server's hint, otherwise back off exponentially
  ignore,  // repeat retryable failures at once, whatever the server says (what a bad client does)
  off,     // never
};

struct RetryPolicy {
  RetryMode mode = RetryMode::honour;
  std::chrono::nanoseconds initial = std::chrono::seconds(5);  // first backoff, before jitter
  std::chrono::nanoseconds max = std::chrono::seconds(30);     // longest backoff, before jitter
  double multiplier = 1.5;
  double jitter = 0.5;  // the wait is uniform in [1 - jitter, 1 + jitter] times the backoff
  std::chrono::nanoseconds max_elapsed =
      std::chrono::minutes(5);  // give up this long after attempt 1
  unsigned max_attempts = 0;    // 0: no limit; 1: no retry
};

// How long to wait before attempt `attempts + 1`, or nothing when the request is to be given up.
// `attempts` ≥ 1 counts the attempts made, `elapsed` runs from the intended time of the first,
// `unit` is a uniform random number in [0, 1). A server's hint is a lower bound beside the backoff,
// which it never shortens: jitter is added above it, so that a throttled fleet does not come back in
// one step.
[[nodiscard]] std::optional<std::chrono::nanoseconds> retry_delay(const RetryPolicy& policy,
                                                                  const Completion& completion,
                                                                  unsigned attempts,
                                                                  std::chrono::nanoseconds elapsed,
                                                                  double unit);

// Spreads retries over time, so that they stay below a rate however many were refused at once.
class RetryPace {
 public:
  // Items per second; infinite: no limit, 0: no retries.
  explicit RetryPace(double per_second) : per_second_(per_second) {}

  // The first free moment from `earliest` on for so many items, which is then taken; nothing when it
  // lies after `latest`.
  [[nodiscard]] std::optional<Time> book(Time earliest, Time latest, std::uint64_t items);

 private:
  double per_second_;
  Time free_ = {};
};

}  // namespace obsctl::otlp
