// obsctl.yaml survives a round trip, and every mistake in it is found with its position.
#include "lib/model/spec.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

TEST_CASE("a written spec reads back to the same text") {
  StackSpec spec;
  spec.traces.spans = Rate{5000};
  spec.logs.retention = Duration::from_days(7);
  spec.security.cors_origins = {"https://a.example"};
  spec.components["loki"].memory = Bytes::from_gib(2);
  spec.ports["grafana"] = 3001;
  spec.calibration.measured_at = "2026-11-21T00:00:00Z";
  spec.calibration.values["span_size_bytes"] = 612.5;
  const std::string text = write_spec(spec);
  const auto back = read_spec(text, "obsctl.yaml");
  REQUIRE_MESSAGE(back, back.error().message);
  CHECK(write_spec(*back) == text);
  CHECK(back->ports.at("grafana") == 3001);
  CHECK(back->calibration.values.at("span_size_bytes") == 612.5);
}

TEST_CASE("mistakes are named with file, line and column") {
  const auto unknown = read_spec("tier: small\ntraces:\n  retenton: 7d\n", "obsctl.yaml");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().at->str() == "obsctl.yaml:3:3");
  CHECK(unknown.error().hint == "did you mean 'traces.retention'?");

  const auto unit = read_spec("logs:\n  retention: 30\n", "obsctl.yaml");
  REQUIRE_FALSE(unit);
  CHECK(unit.error().at->str() == "obsctl.yaml:2:14");

  const auto twice = read_spec("tier: small\ntier: large\n", "obsctl.yaml");
  REQUIRE_FALSE(twice);
  CHECK(twice.error().at->str() == "obsctl.yaml:2:1");
}
