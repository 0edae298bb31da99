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
  CHECK(queries("lines_per_second") ==
        std::vector<std::string>{
            "sum(rate({__name__=~\"otelcol_receiver_accepted_log_records(_total)?\","
            "job!~\".*jaeger.*\"}[WINDOW])) and on() "
            "count({__name__=~\"otelcol_receiver_accepted_log_records(_total)?\","
            "job!~\".*jaeger.*\"} offset WINDOW)",
            "sum(rate(loki_distributor_lines_received_total[WINDOW])) and on() "
            "count(loki_distributor_lines_received_total offset WINDOW)"});
  CHECK(queries("series") ==
        std::vector<std::string>{"sum(prometheus_tsdb_head_series)",
                                 "sum(vm_cache_entries{type=\"storage/hour_metric_ids\"})"});
}

TEST_CASE("all mistakes of the list are said") {
  const auto bad = catalog::parse_measures(
      "a:\n  title: t\n  unit: B\n  formula: F01\n  mising: m\nb: {title: t, unit: B, formula: "
      "F01, "
      "missing: m, queries: q}\n",
      "m.yaml");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message == "unknown key 'mising'");
  CHECK(bad.error().at->str() == "m.yaml:5:3");
  CHECK(bad.error().hint == "did you mean 'missing'?");
  REQUIRE(bad.error().more.size() == 2);
  CHECK(bad.error().more[0].message == "missing key 'missing'");
  CHECK(bad.error().more[1].message == "'queries' must be a list");
}
