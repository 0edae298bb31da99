// SPDX-License-Identifier: Apache-2.0
// The recommended model held against what operators and projects report, and against itself: no
// cliffs, no negative floors, no amount that a rule names and nobody knows.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "lib/sizing/check.hpp"
#include "lib/sizing/explain.hpp"
#include "lib/sizing/fit.hpp"
#include "tests/support/sized.hpp"

using namespace obsctl;
using namespace obsctl::sizing;

namespace {

SizingReport sized(const std::vector<std::string>& settings) {
  const StackSpec spec = test::spec_of(settings);
  auto report = size_plan(spec, test::catalogs());
  REQUIRE_MESSAGE(report, (report ? "" : report.error().message));
  return std::move(*report);
}

// A reported figure and what the recommended model says for that load, unbounded by any host.
struct Reality {
  const char* what;
  std::vector<std::string> settings;
  double low;  // the reported range
  double high;
  double (*of)(const SizingReport&);
};

double need(const SizingReport& report, const char* component, Choice ComponentPlan::*resource) {
  const ComponentPlan* plan = report.find(component);
  REQUIRE(plan != nullptr);
  return (plan->*resource).formula->value;
}

const std::vector<Reality>& realities() {
  using R = const SizingReport&;
  static const std::vector<std::string> k_metrics = {"metrics.series=1M", "metrics.retention=30d"};
  static const std::vector<std::string> k_loki = {"logs.lines=3858/s", "logs.line_size=300B",
                                                  "sizing.replication=2"};
  static const std::vector<std::string> k_planner = {"logs.lines=80k/s", "logs.line_size=1KB",
                                                     "logs.retention=30d"};
  static const std::vector<Reality> k_all = {
      {"1M series, 15 s, 30 d on Prometheus: stored GB (its own documentation)", k_metrics, 173,
       346, [](R r) { return r.signals[1].stored.value; }},
      {"8,521 samples/s for 4 d on Prometheus: stored GB (GitLab)",
       {"metrics.series=127815", "metrics.retention=4d"},
       2.7,
       2.7,
       [](R r) { return r.signals[1].stored.value; }},
      {"2.8M series at 280,000 samples/s on Prometheus: GB of memory (Mastering Prometheus)",
       {"metrics.series=2.8M", "metrics.scrape_interval=10s"},
       23,
       23,
       [](R r) { return need(r, "prometheus", &ComponentPlan::memory); }},
      {"1M series on Prometheus: GB of memory (Robust Perception, Cardinality Cloud)", k_metrics, 3,
       7.7, [](R r) { return need(r, "prometheus", &ComponentPlan::memory); }},
      {"100 GB of logs a day, two copies: cores (LokiStack)", k_loki, 14, 14,
       [](R r) { return need(r, "loki", &ComponentPlan::cpus); }},
      {"100 GB of logs a day, two copies: GB of memory (LokiStack)", k_loki, 33.3, 33.3,
       [](R r) { return need(r, "loki", &ComponentPlan::memory); }},
      {"80 MB/s of logs: cores (Loki's planner; the rule is drawn through it, "
       "so this proves nothing)",
       k_planner, 203, 203, [](R r) { return need(r, "loki", &ComponentPlan::cpus); }},
      {"80 MB/s of logs: GB of memory (Loki's planner; the rule is drawn through it, so this "
       "proves nothing)",
       k_planner, 589, 589, [](R r) { return need(r, "loki", &ComponentPlan::memory); }},
      {"80 MB/s of logs for 30 d: stored TB (Loki's planner)", k_planner, 59, 59,
       [](R r) { return r.signals[2].stored.value / 1000; }},
      {"stored bytes per raw byte of log (LokiStack, Loki's planner, columnar stores)", k_planner,
       0.1, 0.29, [](R r) { return r.signals[2].daily.value / r.signals[2].raw->value; }},
      {"12,000 spans/s in the collector: GB of memory (the collector's performance page)",
       {"traces.spans=12k/s"},
       2,
       2,
       [](R r) { return need(r, "otel-collector", &ComponentPlan::memory); }},
      {"12,000 spans/s in the collector: cores (the collector's performance page)",
       {"traces.spans=12k/s"},
       0.8,
       1,
       [](R r) { return need(r, "otel-collector", &ComponentPlan::cpus); }},
  };
  return k_all;
}

// Deterministic pseudo-random numbers, the same on every machine.
class Dice {
 public:
  double between(double low, double high) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    const double unit = static_cast<double>(state_ >> 11U) / 9007199254740992.0;
    return low + (high - low) * unit;
  }
  // Spread evenly over the orders of magnitude.
  double wide(double low, double high) { return std::exp(between(std::log(low), std::log(high))); }
  bool coin() { return between(0, 1) < 0.5; }

 private:
  unsigned long long state_ = 20261125;
};

std::vector<std::string> random_load(Dice& dice) {
  std::vector<std::string> out;
  const char* profiles[] = {"minimum", "recommended", "production"};
  out.push_back(fmt::format("profile={}", profiles[static_cast<int>(dice.between(0, 2.999))]));
  out.push_back(dice.coin() ? "metrics.backend=prometheus" : "metrics.backend=victoriametrics");
  if (dice.coin() || dice.coin()) {
    out.push_back(fmt::format("traces.spans={:.0f}/s", dice.wide(10, 60000)));
  }
  if (dice.coin() || dice.coin()) {
    out.push_back(fmt::format("metrics.series={:.0f}", dice.wide(1000, 2e6)));
  }
  if (dice.coin() || dice.coin()) {
    out.push_back(fmt::format("logs.lines={:.0f}/s", dice.wide(10, 60000)));
  }
  if (dice.coin()) {
    out.push_back(fmt::format("traces.keep={:.0f}%", dice.between(0, 100)));
  }
  if (dice.coin()) {
    out.push_back(fmt::format("logs.retention={:.0f}d", dice.between(1, 90)));
  }
  if (dice.coin()) {
    out.push_back(fmt::format("host.memory={:.0f}GiB", dice.between(2, 64)));
  }
  if (dice.coin()) {
    out.push_back(fmt::format("host.cpus={:.0f}", dice.between(1, 32)));
  }
  if (dice.coin()) {
    out.push_back(fmt::format("host.disk={:.0f}GB", dice.wide(20, 5000)));
  }
  return out;
}

}  // namespace

TEST_CASE("recommended lies within half and twice of what is reported") {
  for (const auto& row : realities()) {
    const double value = row.of(sized(row.settings));
    // Within the range it is right; outside, the nearer end counts.
    const double ratio = value < row.low    ? value / row.low
                         : value > row.high ? value / row.high
                                            : 1;
    MESSAGE(fmt::format("{:5.2f}x  {}: {:.3g}, reported {:g} to {:g}", ratio, row.what, value,
                        row.low, row.high));
    CHECK(ratio >= 0.5);
    CHECK(ratio <= 2);
  }
}

TEST_CASE("one line or span more never doubles a component") {
  for (const char* what : {"traces.spans={:.3f}/s", "logs.lines={:.3f}/s"}) {
    for (double rate = 1; rate < 9000; rate *= 1.3) {
      const auto at = [&](double value) {
        return sized({"tier=small", "host.cpus=10k", "host.memory=100TB",
                      fmt::format(fmt::runtime(what), value)});
      };
      const SizingReport before = at(rate);
      const SizingReport after = at(rate + 1);
      for (std::size_t i = 0; i < before.components.size(); ++i) {
        CAPTURE(before.components[i].name);
        CAPTURE(rate);
        CHECK(after.components[i].cpus.chosen.value <= 2 * before.components[i].cpus.chosen.value);
        CHECK(after.components[i].memory.chosen.value <=
              2 * before.components[i].memory.chosen.value);
      }
    }
  }
}

TEST_CASE("a rate that nobody gives counts as 0, and is said") {
  const SizingReport report = sized({"traces.spans=10k/s"});
  CHECK(report.load.series.value == 0);
  CHECK(report.load.lines.value == 0);
  CHECK(report.load.unstated == std::vector<std::string>{"metrics", "logs"});
  CHECK(sized({}).load.unstated.empty());
  CHECK(sized({"traces.traces=100/s"}).load.spans.value == doctest::Approx(500));
}

TEST_CASE("limits follow the load in both directions, down to the floors") {
  const SizingReport idle = sized({"traces.spans=1/s", "metrics.series=10", "logs.lines=1/s"});
  const SizingReport busy =
      sized({"traces.spans=8k/s", "traces.keep=100%", "metrics.series=200k", "logs.lines=8k/s"});
  for (const char* name : {"otel-collector", "prometheus", "loki", "jaeger"}) {
    CAPTURE(name);
    CHECK(idle.find(name)->memory.chosen.value < busy.find(name)->memory.chosen.value);
    CHECK(idle.find(name)->memory.chosen.value >= idle.find(name)->memory.floor);
    CHECK(idle.find(name)->disk.chosen.value < busy.find(name)->disk.chosen.value);
  }
}

TEST_CASE("what was measured replaces what is assumed, and what is asked for replaces both") {
  StackSpec spec;
  spec.calibration.measured_at = "2026-11-21T00:00:00Z";
  spec.calibration.values = {{calibrated::spans, 1000}, {calibrated::span_size, 400},
                             {calibrated::kept, 0.5},   {calibrated::series, 30000},
                             {calibrated::lines, 200},  {calibrated::line_size, 60}};
  const auto plan = [](const StackSpec& from) { return size_plan(from, test::catalogs()).value(); };
  SizingReport report = plan(spec);
  CHECK(report.signals[0].daily.value == doctest::Approx(1000.0 * 86400 * 400 * 0.5 / 1e9));
  CHECK(report.signals[2].daily.value == doctest::Approx(200.0 * 86400 * 60 / 1e9));
  CHECK(report.load.series.source == "measured 2026-11-21T00:00:00Z");
  REQUIRE(set_field(spec, "traces.span_size=2KB"));
  CHECK(plan(spec).load.span_size.value == 2000);
}

TEST_CASE("no host is promised twice: what does not fit is cut, and said with what fits") {
  const std::vector<std::string> load = {"traces.spans=9k/s", "metrics.series=900k",
                                         "logs.lines=9k/s", "host.memory=8GiB", "host.disk=100GB"};
  const SizingReport report = sized(load);
  REQUIRE(report.host);
  CHECK(report.memory.value <= report.host->memory.value * (1 + 1e-9));
  CHECK(report.disk.value <= 100 * (1 + 1e-9));
  for (const auto& component : report.components) {
    CHECK(component.memory.chosen.value >= component.memory.floor * (1 - 1e-9));
  }
  CHECK_FALSE(report.host->holds());
}

TEST_CASE("200 random loads: the plan fits, or what fits is named and does") {
  Dice dice;
  int fits = 0;
  int named = 0;
  for (int i = 0; i < 200; ++i) {
    const auto settings = random_load(dice);
    CAPTURE(fmt::format("{}", fmt::join(settings, " ")));
    StackSpec spec = test::spec_of(settings);
    // Each finding names what would fit in its own dimension; after all of them nothing is left.
    for (int round = 0; round < 3; ++round) {
      const auto report = size_plan(spec, test::catalogs());
      REQUIRE(report);
      const auto findings = check_plan(spec, test::catalogs(), *report);
      REQUIRE(findings);
      if (!any_error(*findings)) {
        (round == 0 ? fits : named) += 1;
        break;
      }
      REQUIRE(round < 2);
      for (const auto& finding : *findings) {
        if (finding.severity == Severity::error) {
          CHECK_FALSE(finding.hint.empty());
          if (!finding.settings.empty()) {
            spec = with_settings(spec, finding.settings);
          } else {  // not even the shortest retention fits: a larger disk is what the hint says
            REQUIRE(finding.id == "host.disk");
            REQUIRE(set_field(spec, "host.disk=100TB"));
          }
        }
      }
    }
  }
  CHECK(fits + named == 200);
  CHECK(fits > 20);
  CHECK(named > 20);
}

TEST_CASE("any number can be asked for by name") {
  const SizingReport report = sized({});
  for (const char* name : {"loki.memory", "otel-collector.num_traces", "num_traces", "limit_mib",
                           "traces.stored", "prometheus.retention_size_mib", "host.cpus"}) {
    CAPTURE(name);
    const auto quantity = explain(report, name);
    REQUIRE(quantity);
    CHECK_FALSE((*quantity)->inputs.empty());
  }
  const auto unknown = explain(report, "loki.memmory");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().hint.find("loki.memory") != std::string::npos);
  CHECK_FALSE(explain(report, "memory"));  // of many
}
