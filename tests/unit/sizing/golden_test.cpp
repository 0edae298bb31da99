// SPDX-License-Identifier: Apache-2.0
// The worked examples of the seeds (golden-numbers.md, sections 2, 3 and 8), one row per case.
//
// `computed` is checked exactly; `seed` is the figure the seed prints, at its tolerance. Cases that
// the golden numbers flag hold the decided value, and `seed` is left out where the seed's own is
// wrong.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "lib/catalog/prices.hpp"
#include "lib/catalog/tiers.hpp"
#include "lib/sizing/formulas.hpp"

using namespace obsctl;
using namespace obsctl::sizing;

namespace {

constexpr double k_none = -1;  // the seed prints no (or a wrong) figure

struct Case {
  const char* id;
  const char* formula;
  std::vector<double> inputs;
  double computed;
  double seed = k_none;
  double tolerance = 0.001;
};

const std::vector<Case> k_cases = {
    {"Z01", "F01", {10000, 1000}, 864, 864},
    {"Z02 low", "F01", {10000, 500}, 432},
    {"Z02 high", "F01", {10000, 2000}, 1728},
    {"Z03", "F02", {500000, 15, 3}, 8.64, 8.6, 0.005},
    {"Z04 (G-01)", "F02", {500000, 15, 3}, 8.64},
    {"Z05 low", "F02", {500000, 15, 2}, 5.76},
    {"Z05 high", "F02", {500000, 15, 4}, 11.52},
    {"Z06", "F03", {10000, 300}, 259.2, 259, 0.001},
    {"Z07 low", "F03", {10000, 200}, 172.8},
    {"Z07 high", "F03", {10000, 500}, 432},
    {"Z08", "F05", {50000}, 51, 51},
    {"Z09", "F06", {50000}, 5, 5},
    {"Z10 1K", "F05", {1000}, 2},
    {"Z10 10K", "F05", {10000}, 11},
    {"Z10 100K", "F05", {100000}, 101},
    {"Z10 500K", "F05", {500000}, 501},
    {"Z10 2M", "F05", {2000000}, 2001},
    {"Z11 1K", "F06", {1000}, 0.1},
    {"Z11 10K", "F06", {10000}, 1},
    {"Z11 100K", "F06", {100000}, 10},
    {"Z11 500K", "F06", {500000}, 50},
    {"Z11 2M", "F06", {2000000}, 200},
    {"Z12 (G-03)", "F12", {50000, 1}, 5},
    {"Z13 8 GB", "F07", {36, 8}, 4.36},
    {"Z13 32 GB", "F07", {36, 32}, 16.36},
    {"Z14", "F07", {12, 8}, 4.12},
    {"Z15 (G-04)", "F08", {475, 1, 3, 3}, 475},
    {"Z16 (G-04)", "F08", {2300, 1, 3, 5}, 1380},
    {"Z17", "F08", {10500, 1, 3, 15}, 2100, 2000, 0.05},
    {"Z18 10K", "F09", {10000}, 1},
    {"Z18 50K", "F09", {50000}, 5},
    {"Z19 500K", "F10", {500000}, 1},
    {"Z19 1M", "F10", {1000000}, 2},
    {"Z19 2M", "F10", {2000000}, 4},
    {"Z20", "F11", {10000}, 0.05},
    {"Z21", "F04", {864, 0}, 25920},
    {"Z22 0.9", "F04", {864, 0.9}, 2592},
    {"Z22 0.8775", "F04", {864, 0.8775}, 3175.2},
    {"Z24 daily", "D07", {20, 5, 25}, 50, 50},
    {"Z24 30 d", "D04", {50, 30, 1}, 1500, 1500},
    {"Z25 daily", "D07", {200, 25, 250}, 475, 475},
    {"Z25 30 d", "D04", {475, 30, 1}, 14250, 14000, 0.02},
    {"Z26 daily", "D07", {1000, 100, 1200}, 2300, 2300},
    {"Z26 30 d", "D04", {2300, 30, 1}, 69000, 69000},
    {"Z27 daily", "D07", {5000, 500, 5000}, 10500, 10500},
    {"Z27 30 d", "D04", {10500, 30, 1}, 315000, 315000},
    {"Z32 small", "D02", {5000, 5000}, 10000, 10000},
    {"Z32 medium", "D02", {50000, 50000}, 100000, 100000},
    {"Z32 large", "D02", {250000, 250000}, 500000, 500000},
    {"Z32 samples small", "D01", {100000, 15}, 100000.0 / 15, 6667, 1e-3},
    {"Z32 samples medium", "D01", {500000, 15}, 500000.0 / 15, 33333, 1e-3},
    {"Z32 samples large", "D01", {2000000, 15}, 2000000.0 / 15, 133333, 1e-3},
    {"Z33 traces (G-07)", "F31", {100, 20}, 5},
    {"Z33 metrics (G-07)", "F31", {100, 5}, 20},
    {"Z33 logs (G-07)", "F31", {100, 25}, 4},
    {"Z34 7 d", "D04", {50, 7, 1}, 350},
    {"Z34 14 d", "D04", {50, 14, 1}, 700},
    {"Z35 typical", "D04", {20, 30, 1}, 600},
    {"Z35 moderate", "D04", {50, 30, 1}, 1500},
    {"Z36 14 d", "D04", {475, 14, 1}, 6650},
    {"Z36 30 d", "D04", {475, 30, 1}, 14250},
    {"Z37 30 d", "D04", {2300, 30, 1}, 69000},
    {"Z37 90 d", "D04", {2300, 90, 1}, 207000},
    {"Z38", "D04", {10500, 90, 1}, 945000},
    {"Z39 small", "F30", {5000, 1000, 5000, 300}, 52},
    {"Z39 medium", "F30", {50000, 1000, 50000, 300}, 520},
    {"Z39 large", "F30", {250000, 1000, 250000, 300}, 2600},
    {"Z40", "F25", {7, 30}, 1 - 7.0 / 30, 0.75, 0.03},
    {"Z41 15 d", "F25", {15, 30}, 0.5},
    {"Z41 14 d", "F25", {14, 30}, 1 - 14.0 / 30},
    {"Z42 100K", "D06", {100000, 3}, 100000.0 / 3, 33300, 2e-3},
    {"Z42 500K", "D06", {500000, 5}, 100000, 100000},
    {"Z42 1M", "D06", {1000000, 9}, 1000000.0 / 9, 111100, 1e-3},
    {"Z43 (G-15)", "F26", {2048}, 1638.4, 1638, 1e-3},
    {"Z44", "F28", {0.99}, 3.65, 3.6, 0.02},
    {"Z44 99.9 % in hours", "D17", {0.365, 24}, 8.76},
    {"Z45 dev cores", "D07", {1, 1, 1, 0.5, 0.5}, 4},
    {"Z45 dev GB", "D07", {1, 2, 2, 1, 0.5}, 6.5},
    {"Z45 prod cores", "D07", {2, 2, 2, 1, 1}, 8, 8},
    {"Z45 prod GB", "D07", {2, 4, 4, 2, 1}, 13, 13},
    {"D-TAIL needs", "F27", {10, 1000}, 10000},
    {"D-TAIL capacity", "D06", {50000, 10}, 5000},
    {"D-TAIL at 50K spans/s", "F27", {10, 10000}, 100000},
    {"S-01", "F13", {100000, 500, 2000, 0.1}, 12250, 12250},
    {"S-02", "F13", {97500, 0, 0, 0.1}, 9750, 9750},
    {"S-03", "F14", {100, 100, 5}, 50000, 50000},
    {"S-04", "D17", {50000, 86400}, 4.32e9, 4.3e9, 0.01},
    {"S-05 day", "F01", {50000, 1000}, 4320, 4300, 0.01},
    {"S-05 month", "F04", {4320, 0}, 129600, 130000, 0.01},
    {"S-06", "F15", {129600, 0.02}, 2592, 2600, 0.005},
    {"S-07 GB", "F04", {4320, 0.8775}, 15876},
    {"S-07 USD", "F15", {15876, 0.02}, 317.52},
    {"S-08 (G-16)", "D17", {0.1, 0.1}, 0.01},
    {"T16 m6i.2xlarge", "D10", {7, 280}, 1960, 2000, 0.03},
    {"T16 e2-standard-8", "D10", {7, 240}, 1680, 1700, 0.03},
    {"T17 (G-09)", "D10", {25, 560}, 14000},
    {"K05 low", "F23", {100, 500}, 0.8},
    {"K05 high", "F23", {350, 2000}, 0.825},
    {"K06 low", "F23", {1500, 5000}, 0.7, 0.7},
    {"K06 high", "F23", {4000, 20000}, 0.8, 0.8},
    {"K07 low", "F23", {10000, 50000}, 0.8},
    {"K07 high", "F23", {25000, 200000}, 0.875},
    {"K09 +10 %", "F24", {1830, 0.1}, 2013},
    {"K09 +50 %", "F24", {1830, 0.5}, 2745},
    {"K09 +100 %", "F24", {1830, 1}, 3660},
    {"K10 none", "D05", {864, 1}, 864},
    {"K10 50 %", "D05", {864, 0.5}, 432},
    {"K10 90 %", "D05", {864, 0.1}, 86.4},
    {"K10 80 %", "D05", {864, 0.2}, 172.8},
    {"K10 95 %", "D05", {864, 0.05}, 43.2},
};

// Z28 - Z31 (G-06): the tier tables against the formulas at 1 KB, 15 s x 3 B and 300 B.
struct TierCase {
  const char* id;
  const char* tier;
  double traces;
  double metrics;
  double logs;
};
constexpr TierCase k_tiers[] = {
    {"Z29", "small", 432, 1.728, 129.6},
    {"Z30", "medium", 4320, 8.64, 1296},
    {"Z31", "large", 21600, 34.56, 6480},
};

bool near(double a, double b, double relative) {
  return std::abs(a - b) <= relative * std::max(std::abs(b), 1e-12);
}

}  // namespace

TEST_CASE("golden numbers") {
  for (const auto& row : k_cases) {
    CAPTURE(std::string(row.id));
    const Formula* formula = find_formula(row.formula);
    REQUIRE(formula != nullptr);
    if (formula->inputs != 0) {
      REQUIRE(row.inputs.size() == formula->inputs);
    }
    const double value = formula->eval(row.inputs);
    CHECK_MESSAGE(near(value, row.computed, 1e-9), value);
    if (row.seed != k_none) {
      CHECK_MESSAGE(near(value, row.seed, row.tolerance), value);
    }
  }
}

TEST_CASE("Z23 (G-02): the share kept given as reduction would be nine times too much") {
  CHECK(monthly_gb(864, 0.1) == doctest::Approx(23328));
  CHECK(monthly_gb(864, 1 - 0.1) == doctest::Approx(2592));
  CHECK(keep_for_reduction(0.8775, 0.005, 0.02) == doctest::Approx(0.1));
  CHECK(keep_for_reduction(0.99, 0.005, 0.02) < 0);
}

TEST_CASE("Z28-Z31: formulas on the tiers' own rates, and the bytes the tables imply") {
  for (const auto& row : k_tiers) {
    CAPTURE(std::string(row.id));
    const auto tier = catalog::tier(row.tier);
    REQUIRE(tier);
    const double spans = tier->rates.spans.per_second;
    const double lines = tier->rates.lines.per_second;
    CHECK(near(trace_gb_day(spans, 1000), row.traces, 1e-9));
    CHECK(near(metric_gb_day(tier->rates.series, 15, 3), row.metrics, 1e-9));
    CHECK(near(log_gb_day(lines, 300), row.logs, 1e-9));
    const double day = k_day_seconds;
    CHECK(near(tier->daily.traces.value / (spans * day), 46.296, 1e-3));
    CHECK(near(tier->daily.metrics.value / (tier->rates.series / 15 * day), 8.6806, 1e-3));
    const double per_line = std::string(row.tier) == "large" ? 55.556 : 57.870;
    CHECK(near(tier->daily.logs.value / (lines * day), per_line, 1e-3));
  }
}

TEST_CASE(
    "T14, T15 (G-09): the seed's host sets have fewer cores than the rows they should carry") {
  const auto book = catalog::prices();
  REQUIRE(book);
  struct Row {
    const char* tier;
    double cores;
    double memory_gib;
    double needed;
  };
  for (const auto& row : {Row{"medium", 56, 224, 9}, Row{"large", 400, 1600, 29}}) {
    CAPTURE(row.tier);
    const auto tier = catalog::tier(row.tier);
    REQUIRE(tier);
    for (const auto& host : book->hosts) {
      if (host.tier != row.tier || host.provider != Vendor::aws) {
        continue;
      }
      CHECK(host.count * host.cpus == row.cores);
      CHECK(host.count * host.memory.gib() == row.memory_gib);
      const auto total = tier->total();
      CHECK(host.count * host.cpus < total.cpus);
      const std::vector<double> in = {total.cpus, host.cpus, total.memory.gb(), host.memory.gb()};
      const double hosts = find_formula("D09")->eval(in);
      CHECK(hosts == row.needed);
    }
  }
}

TEST_CASE("K01-K04: TCO rows add up to the printed range") {
  const auto book = catalog::prices();
  REQUIRE(book);
  struct Row {
    const char* tier;
    double low;
    double high;
  };
  constexpr Row k_rows[] = {{"small", 70, 350},
                            {"medium", 1100, 4000},
                            {"large", 8000, 25000},
                            {"xlarge", 40000, 125000}};
  std::size_t found = 0;
  for (const auto& row : k_rows) {
    for (const auto& tco : book->tco) {
      if (tco.tier == row.tier) {
        ++found;
        CHECK(tco.infrastructure.low + tco.operations.low + tco.storage.low == row.low);
        CHECK(tco.infrastructure.high + tco.operations.high + tco.storage.high == row.high);
      }
    }
  }
  CHECK(found == 4);
}

TEST_CASE("D-RETRY: nine waits fit into the retry time, the tenth does not") {
  const RetryBudget budget = retry_budget(1, 2, 60, 300);
  CHECK(budget.waits == 9);
  CHECK(budget.seconds == 243);
  CHECK(retry_budget(1, 2, 60, 303).waits == 10);
}

TEST_CASE("formula ids are unique and every formula states its source") {
  for (const auto& formula : formulas()) {
    CAPTURE(std::string(formula.id));
    CHECK(find_formula(formula.id) == &formula);
    CHECK_FALSE(formula.source.empty());
    CHECK_FALSE(formula.expression.empty());
  }
}

TEST_CASE("days until full with growth and retention") {
  const auto days = [](double disk, double growth, std::vector<Stored> streams) {
    return days_until_full(disk, growth, streams);
  };
  CHECK(std::isinf(days(100, 0, {{10, 7}})));  // 70 GB at most
  CHECK(days(100, 0, {{10, 30}}) == doctest::Approx(10));
  CHECK(std::isinf(days(100, 0.1, {{0, 30}})));
  // Two streams: 10 GB a day for 5 days, then only the second grows on.
  CHECK(days(100, 0, {{10, 5}, {5, 365}}) == doctest::Approx(10));
  // With growth the disk fills earlier than without, and on the day found it is exactly full.
  const double found = days(100, 0.1, {{10, 7}});
  const double a = std::log(1.1) / 30;
  CHECK(found > 7);
  CHECK(10 / a * (std::exp(a * found) - std::exp(a * (found - 7))) == doctest::Approx(100));
  CHECK(days(100, 0.1, {{10, 365}}) < 10);
}
