// SPDX-License-Identifier: Apache-2.0
// The amounts of the load: what a sizing.yaml may name is what is computed.
#include "lib/sizing/amounts.hpp"

#include <doctest/doctest.h>

#include <set>

#include "lib/sizing/load.hpp"
#include "lib/sizing/signals.hpp"
#include "tests/support/sized.hpp"

using namespace obsctl;
using namespace obsctl::sizing;

TEST_CASE("every amount that a rule can name is computed, and no other") {
  const StackSpec spec = test::spec_of({"tier=medium"});
  const Catalogs& catalogs = test::catalogs();
  const catalog::Tier& tier = *catalogs.tier(spec.tier).value();
  const sizing::Load load = resolve_load(spec, tier, catalogs, Model::recommended, {});
  const auto signals = plan_signals({spec, tier, catalogs, Model::recommended, load});
  std::set<std::string> computed;
  for (const auto& [name, amount] : load_amounts(spec, load, signals)) {
    computed.insert(name);
    CHECK_FALSE(amount.source.empty());
  }
  CHECK(computed ==
        std::set<std::string>(catalog::k_load_amounts.begin(), catalog::k_load_amounts.end()));
}

TEST_CASE("a second store of logs gets none of them") {
  Catalogs catalogs = test::catalogs();
  catalogs.components["second"] = catalogs.components.at("node-exporter");
  catalogs.components["second"].name = "second";
  catalogs.rules["second"] = catalogs.rules.at("loki");
  catalogs.rules["second"].name = "second";
  StackSpec spec;
  spec.extra_components = {"second"};
  const auto report = size_stack(spec, catalogs, Model::recommended);
  REQUIRE_MESSAGE(report, (report ? "" : report.error().message));
  const auto& rule = catalogs.rules.at("second").disk;
  REQUIRE(report->find("second") != nullptr);
  CHECK(report->find("second")->disk.chosen.value == rule.floor / 1e9);
  CHECK(report->find("loki")->disk.chosen.value > rule.floor / 1e9);
}
