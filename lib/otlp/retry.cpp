// SPDX-License-Identifier: Apache-2.0
// The retry rules of OTLP as functions of values only.
#include "lib/otlp/retry.hpp"

#include <algorithm>
#include <cmath>

namespace obsctl::otlp {
namespace {

using Nanos = std::chrono::nanoseconds;

// A hint of 0, or a date of a clock that is behind, must not turn a refusal into a storm.
constexpr Nanos k_shortest = std::chrono::milliseconds(100);

bool repeatable(Outcome outcome) {
  return outcome == Outcome::retryable || outcome == Outcome::timeout ||
         outcome == Outcome::transport;
}

Nanos scaled(Nanos value, double factor) {
  // Saturates: a server may ask for centuries.
  const double nanos = static_cast<double>(value.count()) * factor;
  return nanos >= 9.2e18 ? Nanos::max() : Nanos(static_cast<std::int64_t>(nanos));
}

Nanos backoff(const RetryPolicy& policy, unsigned attempts, double unit) {
  const double growth = std::pow(std::max(policy.multiplier, 1.0), attempts - 1);
  const Nanos base = std::min(scaled(policy.initial, growth), policy.max);
  return scaled(base, 1.0 - policy.jitter + 2.0 * policy.jitter * unit);
}

}  // namespace

bool grpc_retryable(int status, bool has_retry_info) {
  switch (status) {
    case 1:   // CANCELLED
    case 4:   // DEADLINE_EXCEEDED
    case 10:  // ABORTED
    case 11:  // OUT_OF_RANGE
    case 14:  // UNAVAILABLE
    case 15:  // DATA_LOSS
      return true;
    case 8:  // RESOURCE_EXHAUSTED: only when the server says that it can recover
      return has_retry_info;
    default: return false;
  }
}

bool http_retryable(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::optional<Nanos> retry_delay(const RetryPolicy& policy, const Completion& completion,
                                 unsigned attempts, Nanos elapsed, double unit) {
  const bool spent = policy.max_attempts != 0 && attempts >= policy.max_attempts;
  if (policy.mode == RetryMode::off || !repeatable(completion.outcome) || spent) {
    return std::nullopt;
  }
  Nanos delay{0};
  if (policy.mode == RetryMode::honour) {
    delay =
        std::max(k_shortest, backoff(policy, std::max(attempts, 1U), std::clamp(unit, 0.0, 1.0)));
    if (completion.retry_after.count() >= 0) {
      const Nanos hint = completion.retry_after;
      const Nanos spread = scaled(hint, policy.jitter * unit);
      delay = std::max(delay, spread > Nanos::max() - hint ? Nanos::max() : hint + spread);
    }
  }
  if (elapsed > policy.max_elapsed || delay > policy.max_elapsed - elapsed) {
    return std::nullopt;
  }
  return delay;
}

std::optional<Time> RetryPace::book(Time earliest, Time latest, std::uint64_t items) {
  if (std::isinf(per_second_)) {
    return earliest;
  }
  const Time at = std::max(earliest, free_);
  if (per_second_ <= 0 || at > latest) {
    return std::nullopt;
  }
  free_ = at + std::chrono::duration_cast<Nanos>(
                   std::chrono::duration<double>(static_cast<double>(items) / per_second_));
  return at;
}

}  // namespace obsctl::otlp
