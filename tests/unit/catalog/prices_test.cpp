// SPDX-License-Identifier: Apache-2.0
// The price book, instance types and model constants are valid and complete.
#include "lib/catalog/prices.hpp"

#include <doctest/doctest.h>

#include <set>

#include "lib/catalog/models.hpp"
#include "lib/catalog/tiers.hpp"

using namespace obsctl;

TEST_CASE("the price book covers every tier and names only known ones") {
  const auto book = catalog::prices();
  REQUIRE_MESSAGE(book, book.error().message);
  const auto tiers = catalog::tiers();
  REQUIRE(tiers);
  std::set<std::string> names;
  for (const auto& tier : *tiers) {
    names.insert(tier.name);
  }
  std::set<std::string> priced;
  for (const auto& host : book->hosts) {
    CHECK(names.contains(host.tier));
    CHECK_FALSE(host.source.empty());
    priced.insert(host.tier);
  }
  CHECK(priced == names);
  CHECK(book->tco.size() == names.size());
  CHECK(book->storage.object.low == 0.02);  // G-12: the default of S-06
}

TEST_CASE("instance types name the roles of the tier components") {
  const auto rows = catalog::instances();
  REQUIRE_MESSAGE(rows, rows.error().message);
  CHECK(rows->size() == 9);
  for (const auto& row : *rows) {
    const auto tier = catalog::tier(row.tier);
    REQUIRE(tier);
    std::set<std::string> used;
    for (const auto& component : tier->components) {
      used.insert(component.role);
    }
    for (const auto& [role, type] : row.roles) {
      CAPTURE(role);
      CHECK(used.contains(role));
      CHECK_FALSE(type.empty());
    }
    CHECK(row.roles.size() == used.size());
  }
}

TEST_CASE("model constants are complete") {
  const auto data = catalog::models();
  REQUIRE_MESSAGE(data, data.error().message);
  for (const auto& [name, rule] : data->published) {
    CAPTURE(name);
    CHECK_FALSE(rule.rule.empty());
    CHECK_FALSE(rule.source.empty());
  }
  CHECK(data->ratios.at("collector") == 1);
  CHECK(data->dr.size() == 3);
  CHECK(data->boundaries.front().scale(10000) == 0);
  CHECK(data->boundaries.front().scale(10001) == 1);
  CHECK(data->contradictions.contains("tier_lines"));
}

TEST_CASE("a price range the wrong way round is refused with its place") {
  const auto bad = catalog::parse_prices(
      "date: 2025-11\nmachines: []\nhosts:\n  - {tier: small, provider: aws, title: x, low: 2, "
      "high: 1, source: x}\nstorage: {}\ntco: {}\nmanaged: {}\n",
      "p.yaml");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().at->line == 4);
}
