// SPDX-License-Identifier: Apache-2.0
// What is measured: the collector's queries first, then those of the components by their names.
#include "lib/catalog/measures.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace obsctl;

namespace {

std::vector<catalog::Measure> all() {
  const auto own = catalog::measures();
  REQUIRE_MESSAGE(own, (own ? "" : own.error().message));
  return catalog::with_components(*own, catalog::sizing_rules().value());
}

std::vector<std::string> queries(const std::string& name) {
  const auto measures = all();
  const auto found = std::ranges::find(measures, name, &catalog::Measure::name);
  REQUIRE(found != measures.end());
  return found->queries;
}

}  // namespace

TEST_CASE("somebody answers every measure") {
  for (const auto& measure : all()) {
    CAPTURE(measure.name);
    CHECK_FALSE(measure.queries.empty());
  }
}

TEST_CASE("any collector is asked before a component, and components by their names") {
  const auto first_with = [](const std::vector<std::string>& asked, std::string_view part) {
    return std::ranges::find_if(
        asked, [part](const std::string& query) { return query.find(part) != query.npos; });
  };
  const auto lines = queries("lines_per_second");
  CHECK(first_with(lines, "otelcol_receiver_accepted_log_records") == lines.begin());
  CHECK(first_with(lines, "loki_distributor_lines_received_total") != lines.end());
  const auto series = queries("series");
  CHECK(first_with(series, "prometheus_tsdb_head_series") == series.begin());
  CHECK(first_with(series, "vm_cache_entries") > series.begin());
  CHECK(first_with(series, "vm_cache_entries") != series.end());
}

TEST_CASE("all mistakes of the list are said") {
  const auto bad = catalog::parse_measures(
      "a:\n  title: t\n  unit: B\n  formula: F01\n  mising: m\n"
      "b: {title: t, unit: B, formula: F01, missing: m, queries: q}\n",
      "m.yaml");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message == "unknown key 'mising'");
  CHECK(bad.error().at->str() == "m.yaml:5:3");
  CHECK(bad.error().hint == "did you mean 'missing'?");
  REQUIRE(bad.error().more.size() == 2);
  CHECK(bad.error().more[0].message == "missing key 'missing'");
  CHECK(bad.error().more[1].message == "'queries' must be a list");
}
