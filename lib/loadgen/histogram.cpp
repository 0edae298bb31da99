// SPDX-License-Identifier: Apache-2.0
// Buckets: values below 128 exactly, then 128 equal steps per power of two.
#include "lib/loadgen/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace obsctl::loadgen {

std::uint32_t Histogram::index_of(std::int64_t value) {
  const auto v = static_cast<std::uint64_t>(value);
  if (v < k_steps) {
    return static_cast<std::uint32_t>(v);
  }
  const auto shift = static_cast<unsigned>(std::bit_width(v)) - 1 - k_precision;
  return (shift + 1) * k_steps + static_cast<std::uint32_t>(v >> shift) - k_steps;
}

std::int64_t Histogram::lower_edge(std::uint32_t index) {
  if (index < k_steps) {
    return index;
  }
  const std::uint32_t shift = index / k_steps - 1;
  return static_cast<std::int64_t>(k_steps + index % k_steps) << shift;
}

void Histogram::record(std::int64_t nanoseconds) {
  const std::int64_t value = std::clamp<std::int64_t>(nanoseconds, 0, k_largest);
  ++counts_[index_of(value)];
  ++count_;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::add(const Histogram& other) {
  for (std::uint32_t i = 0; i < k_buckets; ++i) {
    counts_[i] += other.counts_[i];
  }
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::int64_t Histogram::percentile(double share) const {
  if (count_ == 0) {
    return 0;
  }
  const double rank = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rank));
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < k_buckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted) {
      return std::min(max_, lower_edge(i + 1) - 1);
    }
  }
  return max_;
}

std::uint64_t Histogram::between(std::int64_t from, std::int64_t to) const {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < k_buckets; ++i) {
    const std::int64_t edge = lower_edge(i);
    if (edge >= from && edge < to) {
      sum += counts_[i];
    }
  }
  return sum;
}

std::vector<std::pair<std::uint32_t, std::uint64_t>> Histogram::buckets() const {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> out;
  for (std::uint32_t i = 0; i < k_buckets; ++i) {
    if (counts_[i] != 0) {
      out.emplace_back(i, counts_[i]);
    }
  }
  return out;
}

Histogram Histogram::from_buckets(
    const std::vector<std::pair<std::uint32_t, std::uint64_t>>& buckets, std::int64_t min,
    std::int64_t max, double sum) {
  Histogram out;
  for (const auto& [index, count] : buckets) {
    if (index < k_buckets) {
      out.counts_[index] += count;
      out.count_ += count;
    }
  }
  if (out.count_ != 0) {
    out.min_ = min;
    out.max_ = max;
    out.sum_ = sum;
  }
  return out;
}

}  // namespace obsctl::loadgen
