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

tl::expected<Histogram, Histogram::Contradiction> Histogram::from_buckets(
    const std::vector<std::pair<std::uint32_t, std::uint64_t>>& buckets, std::int64_t min,
    std::int64_t max, double sum) {
  const auto wrong = [](const char* field, const char* what) {
    return tl::unexpected(Contradiction{field, what});
  };
  Histogram out;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const auto& [index, count] = buckets[i];
    if (index >= k_buckets || count == 0 || (i > 0 && index <= buckets[i - 1].first)) {
      return wrong("buckets", "has an empty bucket, one out of order or one that there is not");
    }
    out.counts_[index] = count;
    out.count_ += count;
  }
  if (buckets.empty()) {
    return min == 0 && max == 0 && sum == 0 ? tl::expected<Histogram, Contradiction>(out)
                                            : wrong("buckets", "is empty, but times were measured");
  }
  const auto lies_in = [](std::int64_t value, std::uint32_t bucket) {
    return value >= lower_edge(bucket) && value < lower_edge(bucket + 1);
  };
  if (!lies_in(min, buckets.front().first)) {
    return wrong("min_ns", "is not in the first bucket");
  }
  if (!lies_in(max, buckets.back().first) || max < min) {
    return wrong("max_ns", "is not in the last bucket, or below the minimum");
  }
  const auto all = static_cast<double>(out.count_);
  constexpr double k_rounding = 1e-6;  // of a sum of many
  if (sum < static_cast<double>(min) * all * (1 - k_rounding) ||
      sum > static_cast<double>(max) * all * (1 + k_rounding)) {
    return wrong("sum_ns", "is not between as many minima and as many maxima");
  }
  out.min_ = min;
  out.max_ = max;
  out.sum_ = sum;
  return out;
}

}  // namespace obsctl::loadgen
