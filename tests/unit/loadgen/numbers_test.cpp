// SPDX-License-Identifier: Apache-2.0
// Histogram, profiles and ids: the arithmetic that every report stands on.
#include "lib/loadgen/numbers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "lib/loadgen/histogram.hpp"
#include "lib/loadgen/profile.hpp"

using namespace obsctl::loadgen;

TEST_CASE("percentiles are within 1 % of the sorted values, from nanoseconds to minutes") {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> times(std::log(2e6), 2.0);
  Histogram histogram;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 200'000; ++i) {
    values.push_back(static_cast<std::int64_t>(times(random)));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.001, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * 200'000)) - 1;
    const auto exact = static_cast<double>(values[rank]);
    CHECK(static_cast<double>(histogram.percentile(share)) >= exact);
    CHECK(static_cast<double>(histogram.percentile(share)) <= exact * 1.008 + 1);
  }
  CHECK(histogram.max() == values.back());
  CHECK(histogram.min() == values.front());
}

TEST_CASE("histograms add up and survive the way through a report") {
  Histogram a;
  Histogram b;
  Histogram both;
  for (std::int64_t i = 0; i < 5000; ++i) {
    (i % 3 == 0 ? a : b).record(i * i);
    both.record(i * i);
  }
  a.add(b);
  CHECK(a.buckets() == both.buckets());
  const Histogram back = *Histogram::from_buckets(a.buckets(), a.min(), a.max(), a.sum());
  CHECK(back.count() == 5000);
  CHECK(back.percentile(0.99) == both.percentile(0.99));
  CHECK(back.mean() == doctest::Approx(both.mean()));
  CHECK(a.between(0, INT64_MAX) == 5000);
  CHECK(Histogram().percentile(0.99) == 0);
}

TEST_CASE("values beyond the range are kept, not lost") {
  Histogram histogram;
  histogram.record(-5);
  histogram.record(INT64_MAX);
  CHECK(histogram.count() == 2);
  CHECK(histogram.min() == 0);
  CHECK(histogram.percentile(1) >= 4'000'000'000'000);
}

TEST_CASE("every profile's schedule is monotonic and inverts its own integral") {
  for (const char* shape : {"constant", "ramp", "ramp:50%", "step:4", "spike:10x@3s+2s", "spike",
                            "sine", "sine:80%/3s"}) {
    CAPTURE(shape);
    const auto profile = Profile::parse(shape, 1000.5, 10, "--profile");
    REQUIRE(profile);
    double before = -1;
    for (double n = 1; n < profile->total(); n += 97.3) {
      const double at = profile->time_of(n);
      CHECK(at >= before);
      CHECK(profile->due_by(at) == doctest::Approx(n).epsilon(1e-6));
      before = at;
    }
    // The integral is the sum of the rate.
    double sum = 0;
    for (int i = 0; i < 100'000; ++i) {
      sum += profile->rate_at((i + 0.5) * 1e-4) * 1e-4;
    }
    CHECK(profile->total() == doctest::Approx(sum).epsilon(1e-3));
    CHECK(profile->peak() >= profile->rate_at(5) * 0.999);
  }
}

TEST_CASE("a fractional rate is exact over hours") {
  const Profile profile = Profile::constant(0.7);
  CHECK(profile.time_of(7 * 3600) == doctest::Approx(36'000).epsilon(1e-12));
}

TEST_CASE("profiles that mean nothing are usage errors") {
  for (const char* shape :
       {"rmap", "ramp:abc", "spike:10x@5s", "sine:50%/0s", "step:0", "constant:5"}) {
    CAPTURE(shape);
    CHECK_FALSE(Profile::parse(shape, 100, 10, "--profile"));
  }
  CHECK_FALSE(Profile::parse("ramp", 100, 0, "--profile"));
}

TEST_CASE("a million ids are unique, never zero, and differ between seeds") {
  const Ids ids(1);
  std::vector<std::uint64_t> seen;
  for (std::int64_t i = -1000; i < 1'000'000; ++i) {
    seen.push_back(ids.span(i));
    REQUIRE(ids.trace_low(i) != 0);
  }
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  CHECK(seen.front() != 0);
  CHECK(Ids(1).span(5) == ids.span(5));
  CHECK(Ids(2).span(5) != ids.span(5));
}
