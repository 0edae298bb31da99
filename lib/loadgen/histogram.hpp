// SPDX-License-Identifier: Apache-2.0
// A log-linear histogram of times: exact counts, at most 0.4 % error per value, constant memory.
//
// Recording is one array increment, so the hot loop can afford it for every request; two histograms
// add up exactly, which is what merges the reports of several generators.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace obsctl::loadgen {

class Histogram {
 public:
  // Values are nanoseconds; negative ones count as 0, those above about 73 minutes as that.
  void record(std::int64_t nanoseconds);
  void add(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::int64_t min() const { return count_ == 0 ? 0 : min_; }
  [[nodiscard]] std::int64_t max() const { return max_; }
  [[nodiscard]] double mean() const;

  // The value that `share` (0 … 1) of the recorded values do not exceed, as the upper edge of its
  // bucket (never above max()). 0 when nothing was recorded.
  [[nodiscard]] std::int64_t percentile(double share) const;

  // How many values lie in [from, to), by the buckets' lower edges.
  [[nodiscard]] std::uint64_t between(std::int64_t from, std::int64_t to) const;

  // The non-empty buckets as (index, count), and back; the exchange format of reports. Errors name
  // what contradicts the buckets by its field there.
  struct Contradiction {
    std::string field;
    std::string what;
  };
  [[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint64_t>> buckets() const;
  [[nodiscard]] static tl::expected<Histogram, Contradiction> from_buckets(
      const std::vector<std::pair<std::uint32_t, std::uint64_t>>& buckets, std::int64_t min,
      std::int64_t max, double sum);
  [[nodiscard]] double sum() const { return sum_; }

 private:
  static constexpr unsigned k_precision = 7;  // 128 linear steps per power of two
  static constexpr std::uint32_t k_steps = 1U << k_precision;
  static constexpr std::int64_t k_largest = (std::int64_t{1} << 42) - 1;
  static constexpr std::uint32_t k_buckets = (42 - k_precision + 1) * k_steps;

  [[nodiscard]] static std::uint32_t index_of(std::int64_t value);
  [[nodiscard]] static std::int64_t lower_edge(std::uint32_t index);

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(k_buckets, 0);
  std::uint64_t count_ = 0;
  std::int64_t min_ = k_largest;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace obsctl::loadgen
