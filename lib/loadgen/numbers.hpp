// SPDX-License-Identifier: Apache-2.0
// Seeded numbers: a small generator for building templates, and the bijection that makes ids.
//
// Ids must be unique, look random (backends shard by them), be the same for the same seed, and cost
// nanoseconds. A bijective mix of a counter is all four: two counters can never give one id.
#pragma once

#include <cmath>
#include <cstdint>

namespace obsctl::loadgen {

// The finaliser of splitmix64: a bijection on 64 bits; only 0 maps to 0.
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  x ^= x >> 31;
  return x;
}

// splitmix64 as a stream.
class Numbers {
 public:
  explicit constexpr Numbers(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return mix64(state_);
  }
  // Uniform in [0, 1).
  constexpr double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // Uniform in [0, limit); limit ≥ 1.
  constexpr std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  // Standard normal (Box-Muller, one of the pair).
  double normal() {
    const double u = 1.0 - unit();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * unit());
  }

 private:
  std::uint64_t state_;
};

// The ids of a run. Counters may be slightly negative (parts of traces that began before the run).
class Ids {
 public:
  explicit constexpr Ids(std::uint64_t seed)
      : high_(mix64(seed ^ 0x5bf0363546274fa1ULL)),
        // In [2^61, 2^62): counter + key is never 0 for counters within ±2^60, so no id is all
        // zeros.
        trace_key_((mix64(seed ^ 0x2545f4914f6cdd1dULL) >> 3) | (1ULL << 61)),
        span_key_((mix64(seed ^ 0x9e6c63d0876a9a47ULL) >> 3) | (1ULL << 61)) {}

  [[nodiscard]] constexpr std::uint64_t trace_high(std::int64_t counter) const {
    return mix64(high_ ^ static_cast<std::uint64_t>(counter) * 0x9e3779b97f4a7c15ULL) | 1ULL;
  }
  // Unique per counter: the half in which samplers and backends look for randomness.
  [[nodiscard]] constexpr std::uint64_t trace_low(std::int64_t counter) const {
    return mix64(trace_key_ + static_cast<std::uint64_t>(counter));
  }
  [[nodiscard]] constexpr std::uint64_t span(std::int64_t counter) const {
    return mix64(span_key_ + static_cast<std::uint64_t>(counter));
  }

 private:
  std::uint64_t high_;
  std::uint64_t trace_key_;
  std::uint64_t span_key_;
};

}  // namespace obsctl::loadgen
