// SPDX-License-Identifier: Apache-2.0
// The embedded tier table is valid, and its rows add up to what the seed's rows add up to.
#include "lib/catalog/tiers.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace obsctl;

namespace {

struct Sum {
  const char* id;  // golden number
  const char* tier;
  int instances;
  double cpus;
  double memory_gib;
  double disk_gb;
};

// T03, T04, T07, T11, T12 (G-09): the row sums, not the totals the seed prints.
constexpr Sum k_sums[] = {
    {"T01", "small", 5, 8, 13, 320},
    {"T02-T05", "medium", 21, 72, 156, 6840},
    {"T06-T09", "large", 69, 456, 1056, 67350},
    {"T10-T13", "xlarge", 195, 2800, 6000, 244000},
};

}  // namespace

TEST_CASE("tier rows add up (golden T01-T13)") {
  for (const auto& row : k_sums) {
    CAPTURE(row.id);
    const auto tier = catalog::tier(row.tier);
    REQUIRE(tier);
    const auto total = tier->total();
    CHECK(total.instances == row.instances);
    CHECK(total.cpus == row.cpus);
    CHECK(total.memory.gib() == doctest::Approx(row.memory_gib));
    CHECK(total.disk.gb() == doctest::Approx(row.disk_gb));
  }
}

TEST_CASE("the events of a tier are its spans and its lines (golden Z32)") {
  const auto all = catalog::tiers();
  REQUIRE(all);
  REQUIRE(all->size() == 4);
  for (const auto& tier : *all) {
    CAPTURE(tier.name);
    CHECK(tier.rates.spans.per_second + tier.rates.lines.per_second == tier.events_max);
    CHECK(tier.retention.min <= tier.retention.max);
  }
}

TEST_CASE("small has the retention of the seed's .env (I03)") {
  const auto small = catalog::tier("small");
  REQUIRE(small);
  CHECK(small->retention.traces.hours() == 168);
  CHECK(small->retention.metrics.days() == 15);
  CHECK(small->retention.logs.hours() == 168);
  REQUIRE(small->find("loki") != nullptr);
  CHECK(small->find("loki")->memory.gib() == 2);
  CHECK(small->find("nothing") == nullptr);
}

TEST_CASE("a load finds the smallest tier that carries it") {
  const auto all = catalog::tiers();
  REQUIRE(all);
  CHECK(catalog::tier_for(*all, 0, 0).name == "small");
  CHECK(catalog::tier_for(*all, 10000, 0).name == "small");
  CHECK(catalog::tier_for(*all, 10001, 0).name == "medium");
  CHECK(catalog::tier_for(*all, 500000, 0).name == "large");
  CHECK(catalog::tier_for(*all, 9e9, 0).name == "xlarge");
}

TEST_CASE("a pool of collectors is sized like one") {
  const auto large = catalog::tier("large");
  REQUIRE(large);
  REQUIRE(large->find("otel-gateway") != nullptr);
  CHECK(large->find("otel-gateway")->component == "otel-collector");
  CHECK(large->find("loki")->component == "loki");
}

TEST_CASE("mistakes in the tier table are located") {
  const auto unknown = catalog::tier("smal");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Code::usage);
  CHECK(unknown.error().hint == "did you mean 'small'?");

  const auto key = catalog::parse_tiers("tiers:\n  small: {titel: x}\n", "t.yaml");
  REQUIRE_FALSE(key);
  CHECK(key.error().at->line == 2);

  const auto empty = catalog::parse_tiers("tiers: {}\n", "t.yaml");
  CHECK_FALSE(empty);
}
