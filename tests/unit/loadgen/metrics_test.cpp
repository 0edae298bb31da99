// SPDX-License-Identifier: Apache-2.0
// Numbers of data points over a run: alive, monotonic where they must be, and at one with each
// other, the same in protobuf and JSON, in requests that never change their length.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "lib/loadgen/compile.hpp"
#include "lib/otlp/decode.hpp"

using namespace obsctl;
using namespace obsctl::loadgen;
using otlp::Encoding;

namespace {

constexpr std::uint64_t k_start = 1'700'000'000'000'000'000ULL;

Scenario all_metrics(double series) {
  auto out = shipped_scenario("all-metrics");
  REQUIRE(out);
  out->series = series;
  return *out;
}

Payload compiled(const Scenario& scenario, CompileOptions options) {
  auto out = compile(scenario, options);
  REQUIRE(out);
  return std::move(*out);
}

std::string bytes_at(const Ring& ring, std::int64_t number, std::int64_t ticks = -1,
                     std::int64_t lap = -1) {
  const RequestTemplate& request = ring.requests[ring.index_of(number)];
  std::string bytes = request.bytes;
  Moment moment{.lap = lap < 0 ? ring.lap_of(number) : lap,
                .time = k_start + static_cast<std::uint64_t>(number) * 1'000'000,
                .start = k_start,
                .seconds = 0,
                .newest_trace = 60};
  moment.previous = moment.time - 500'000;
  moment.ticks = ticks;
  patch(ring, request, Ids(1), moment, bytes.data());
  return bytes;
}

otlp::MetricsRequest decoded(const std::string& bytes, Encoding encoding) {
  auto out = otlp::decode(otlp::Signal::metrics, encoding, otlp::bytes_of(bytes));
  REQUIRE(out);
  return std::get<otlp::MetricsRequest>(std::move(*out));
}

// What one point said at one time, flattened: `numbers` are those that follow its temporality.
struct Seen {
  std::string metric;
  std::string series;
  bool cumulative = false;
  bool monotonic = false;
  std::vector<double> numbers;
  std::vector<double> levels;  // gauge, quantiles, exemplars
};

void add_counts(Seen& seen, std::uint64_t count, const std::vector<std::uint64_t>& buckets,
                std::uint64_t zero) {
  std::uint64_t sum = zero;
  for (const std::uint64_t bucket : buckets) {
    seen.numbers.push_back(static_cast<double>(bucket));
    sum += bucket;
  }
  CHECK(count == sum);
  CHECK(count > 0);
  seen.numbers.push_back(static_cast<double>(count));
}

template <class Point>
void add_exemplars(Seen& seen, const Point& point) {
  for (const otlp::Exemplar& exemplar : point.exemplars) {
    seen.levels.push_back(std::get<double>(exemplar.value));
  }
}

void read(const otlp::NumberPoint& point, Seen& seen) {
  if (const auto* real = std::get_if<double>(&point.value)) {
    seen.levels.push_back(*real);
  } else {
    seen.numbers.push_back(static_cast<double>(std::get<std::int64_t>(point.value)));
  }
  add_exemplars(seen, point);
}
void read(const otlp::HistogramPoint& point, Seen& seen) {
  add_counts(seen, point.count, point.bucket_counts, 0);
  REQUIRE(point.sum);
  seen.numbers.push_back(*point.sum);
  add_exemplars(seen, point);
}
void read(const otlp::ExpHistogramPoint& point, Seen& seen) {
  REQUIRE(point.positive);
  add_counts(seen, point.count, point.positive->bucket_counts, point.zero_count);
  REQUIRE(point.sum);
  seen.numbers.push_back(static_cast<double>(point.zero_count));
  seen.numbers.push_back(*point.sum);
  add_exemplars(seen, point);
}
void read(const otlp::SummaryPoint& point, Seen& seen) {
  seen.numbers = {static_cast<double>(point.count), point.sum};
  double before = 0;
  for (const otlp::Quantile& quantile : point.quantiles) {
    CHECK(quantile.value > before);
    before = quantile.value;
    seen.levels.push_back(quantile.value);
  }
}

std::vector<Seen> points_of(const otlp::MetricsRequest& request) {
  std::vector<Seen> out;
  const auto visit = [&](const otlp::Metric& metric, const auto& data) {
    for (const auto& point : data.points) {
      Seen seen;
      seen.metric = metric.name;
      for (const otlp::KeyValue& attribute : point.attributes) {
        seen.series += attribute.key + "=" + std::get<std::string>(attribute.value.value) + ",";
      }
      seen.cumulative = std::is_same_v<decltype(data), const otlp::Summary&>;
      seen.monotonic = true;
      if constexpr (requires { data.temporality; }) {
        seen.cumulative = data.temporality == otlp::Temporality::cumulative;
        CHECK((point.start_time == k_start) == seen.cumulative);
      }
      if constexpr (requires { data.monotonic; }) {
        seen.monotonic = data.monotonic;
      }
      read(point, seen);
      out.push_back(std::move(seen));
    }
  };
  for (const auto& metric : request.resources.at(0).scopes.at(0).items) {
    std::visit(
        [&](const auto& data) {
          if constexpr (!std::is_same_v<decltype(data), const std::monostate&>) {
            visit(metric, data);
          }
        },
        metric.data);
  }
  return out;
}

using History = std::map<std::string, std::vector<Seen>>;  // by metric and series

void remember(History& history, const otlp::MetricsRequest& request) {
  for (Seen& seen : points_of(request)) {
    auto& of = history[seen.metric + "{" + seen.series + "}"];
    of.push_back(std::move(seen));
  }
}

// The number that a dashboard would show.
double value_of(const Seen& seen) {
  return seen.numbers.empty() ? seen.levels.at(0) : seen.numbers.back();
}

bool same(const Seen& a, const Seen& b) {
  return a.numbers == b.numbers && a.levels == b.levels;
}

// No number of a monotonic point falls, and every one above zero rises.
void check_growth(const Seen& before, const Seen& now, bool strictly) {
  REQUIRE(before.numbers.size() == now.numbers.size());
  for (std::size_t i = 0; i < now.numbers.size(); ++i) {
    CHECK(now.numbers[i] >= before.numbers[i]);
    CHECK((now.numbers[i] > before.numbers[i]) == (strictly && before.numbers[i] > 0));
  }
}

}  // namespace

TEST_CASE("no point repeats itself, sums never fall, counts are the sum of their buckets") {
  for (const Encoding encoding : {Encoding::protobuf, Encoding::json}) {
    CAPTURE(static_cast<int>(encoding));
    CompileOptions options;
    options.encoding = encoding;
    options.batch = 40;
    const Payload payload = compiled(all_metrics(90), options);
    const Ring& ring = *payload.metrics;
    REQUIRE(ring.size > 1);
    constexpr std::int64_t k_exports = 300;
    History history;
    for (std::int64_t n = 0; n < k_exports * static_cast<std::int64_t>(ring.size); ++n) {
      const std::string bytes = bytes_at(ring, n);
      CHECK(bytes.size() == ring.requests[ring.index_of(n)].bytes.size());
      remember(history, decoded(bytes, encoding));
    }
    CHECK(history.size() == 90);
    for (const auto& [name, seen] : history) {
      CAPTURE(name);
      REQUIRE(seen.size() == k_exports);
      int rises = 0;
      int falls = 0;
      int repeats = 0;
      for (std::size_t i = 1; i < seen.size(); ++i) {
        repeats += same(seen[i - 1], seen[i]) ? 1 : 0;
        if (seen[i].cumulative && seen[i].monotonic) {
          check_growth(seen[i - 1], seen[i], true);
        } else {
          const double before = value_of(seen[i - 1]);
          const double now = value_of(seen[i]);
          rises += now > before ? 1 : 0;
          falls += now < before ? 1 : 0;
        }
        for (std::size_t l = 0; l < seen[i].levels.size(); ++l) {
          CHECK(seen[i].levels[l] != seen[i - 1].levels[l]);
        }
      }
      if (seen[0].cumulative && seen[0].monotonic) {
        CHECK(repeats == 0);
      } else {
        CHECK(rises > 50);
        CHECK(falls > 50);
        // One of eight draws of a delta is its predecessor again; a level never is.
        CHECK(repeats < (seen[0].metric.ends_with("delta") ? 80 : 1));
      }
    }
  }
}

TEST_CASE("rates of cumulative points are not flat, and series differ from each other") {
  CompileOptions options;
  options.batch = 1000;
  const Payload payload = compiled(all_metrics(900), options);
  std::map<std::string, std::set<double>> starts;
  History history;
  for (std::int64_t n = 0; n < 40; ++n) {
    remember(history, decoded(bytes_at(*payload.metrics, n), Encoding::protobuf));
  }
  for (const auto& [name, seen] : history) {
    CAPTURE(name);
    std::set<double> steps;
    for (std::size_t i = 1; i < seen.size(); ++i) {
      steps.insert(value_of(seen[i]) - value_of(seen[i - 1]));
    }
    CHECK(steps.size() > 1);
    starts[seen[0].metric].insert(value_of(seen[0]));
  }
  for (const auto& [metric, values] : starts) {
    CAPTURE(metric);
    CHECK(values.size() > 2);
  }
}

TEST_CASE("protobuf and JSON say the same at the same moment") {
  CompileOptions options;
  options.batch = 64;
  const Payload binary = compiled(all_metrics(180), options);
  options.encoding = Encoding::json;
  const Payload json = compiled(all_metrics(180), options);
  REQUIRE(binary.metrics->size == json.metrics->size);
  for (const std::int64_t n : {0, 1, 2, 3, 100, 1'000'001}) {
    CHECK(decoded(bytes_at(*binary.metrics, n), Encoding::protobuf) ==
          decoded(bytes_at(*json.metrics, n), Encoding::json));
  }
}

TEST_CASE(
    "patched requests are what encoding their values gives: shortest varints, no odd length") {
  CompileOptions options;
  const Payload payload = compiled(all_metrics(90), options);
  for (const std::int64_t lap : {0LL, 1LL, 63LL, 64LL, 1'000'000LL, 100'000'000'000LL}) {
    CAPTURE(lap);
    const std::string bytes = bytes_at(*payload.metrics, 0, -1, lap);
    CHECK(bytes == otlp::encode(decoded(bytes, Encoding::protobuf), Encoding::protobuf).bytes);
  }
}

TEST_CASE("a point that has grown as far as its width allows stays there, whole") {
  for (const Encoding encoding : {Encoding::protobuf, Encoding::json}) {
    CompileOptions options;
    options.encoding = encoding;
    const Payload payload = compiled(all_metrics(90), options);
    const Ring& ring = *payload.metrics;
    History history;
    // Around the end of four-byte varints, then around the end of everything, then far beyond.
    for (const std::int64_t lap :
         {0LL, 25'794'000LL, 25'796'000LL, 499'999'990LL, 500'000'010LL, 1LL << 40U}) {
      remember(history, decoded(bytes_at(ring, 0, -1, lap), encoding));
    }
    for (const auto& [name, seen] : history) {
      if (!seen[0].cumulative || !seen[0].monotonic) {
        continue;
      }
      CAPTURE(name);
      const bool exponential = seen[0].metric == "loadgen.exponential.cumulative";
      for (std::size_t i = 1; i < seen.size(); ++i) {
        check_growth(seen[i - 1], seen[i], i < (exponential ? 3U : 5U));
      }
    }
  }
}

TEST_CASE("the shortened last request goes on where its series were") {
  CompileOptions options;
  options.batch = 180;
  options.points = 180 * 4 + 150;  // four laps of one request, and 150 points
  const Payload payload = compiled(all_metrics(180), options);
  const Ring& ring = *payload.metrics;
  REQUIRE(ring.tail_request == 4);
  const auto tail = points_of(decoded(bytes_at(ring, 4), Encoding::protobuf));
  const auto before = points_of(decoded(bytes_at(ring, 3), Encoding::protobuf));
  REQUIRE(tail.size() == 150);
  for (std::size_t i = 0; i < tail.size(); ++i) {
    CAPTURE(tail[i].metric);
    CHECK(tail[i].series == before[i].series);
    if (tail[i].cumulative && tail[i].monotonic) {
      check_growth(before[i], tail[i], true);
    }
  }
}

TEST_CASE("with more series than the ring holds, an export takes several laps and grows once") {
  CompileOptions options;
  options.batch = 20'000;
  const Payload payload = compiled(all_metrics(50'000), options);
  const Ring& ring = *payload.metrics;
  REQUIRE(ring.laps_per_export == 3);
  History history;
  for (std::int64_t n = 0; n < 2 * 3 * static_cast<std::int64_t>(ring.size); ++n) {
    remember(history, decoded(bytes_at(ring, n), Encoding::protobuf));
  }
  CHECK(history.size() == static_cast<std::size_t>(payload.series));
  std::size_t wrong = 0;
  for (const auto& [name, seen] : history) {
    REQUIRE(seen.size() == 2);
    const bool rising = seen[0].cumulative && seen[0].monotonic;
    wrong += rising && !(seen[1].numbers.back() >= seen[0].numbers.back()) ? 1 : 0;
    wrong += rising && same(seen[0], seen[1]) ? 1 : 0;
  }
  CHECK(wrong == 0);
  // The second lap's series are not the first one's under other names.
  int alike = 0;
  for (int i = 0; i < 100; ++i) {
    const auto gauge = [&](int part) {
      return history.at(fmt::format("loadgen.gauge{{series={:08},}}", part * 100'000 + i)).at(0);
    };
    alike += gauge(0).levels == gauge(1).levels ? 1 : 0;
  }
  CHECK(alike < 20);
}

TEST_CASE("in a closed loop time makes sums grow, whichever worker is ahead") {
  CompileOptions options;
  const Payload payload = compiled(all_metrics(90), options);
  History history;
  // One worker is at lap 1000 and more, the other at its first; they take turns with one series.
  for (std::int64_t i = 0; i < 50; ++i) {
    const std::int64_t lap = i % 2 == 0 ? 1000 + i : i;
    remember(history, decoded(bytes_at(*payload.metrics, 0, 10 * i, lap), Encoding::protobuf));
  }
  for (const auto& [name, seen] : history) {
    CAPTURE(name);
    for (std::size_t i = 1; i < seen.size(); ++i) {
      if (seen[i].cumulative && seen[i].monotonic) {
        check_growth(seen[i - 1], seen[i], true);
      }
    }
  }
}

TEST_CASE("values depend on the seed and on nothing else") {
  CompileOptions options;
  const auto at = [&](std::uint64_t seed) {
    options.seed = seed;
    return bytes_at(*compiled(all_metrics(90), options).metrics, 0, -1, 7);
  };
  CHECK(at(3) == at(3));
  CHECK(at(3) != at(4));
}
