// SPDX-License-Identifier: Apache-2.0
// The commands with which a person reaches into a Compose stack.
#include <doctest/doctest.h>

#include "lib/targets/target.hpp"
#include "tests/support/sized.hpp"
#include "tests/support/words.hpp"

using namespace obsctl;

TEST_CASE("a published API is asked with curl, another one from inside the network") {
  const Topology open = test::sized({"traces.backend=tempo"}).topology;
  const Values asked = word_values(test::compose_words(open), open, {}, {}).at("cmd").at("ask");
  CHECK(asked.at("tempo") == "curl -s localhost:3200");
  CHECK(asked.at("otel-collector") == "curl -s localhost:8888");
  const Topology closed = test::sized({"name=edge", "ports.loki=0", "ports.jaeger=1234"}).topology;
  const Values inside =
      word_values(test::compose_words(closed), closed, {}, {}).at("cmd").at("ask");
  const std::string loki = inside.at("loki");
  CHECK(loki.starts_with("docker run --rm --network edge_backend busybox:"));
  CHECK(loki.ends_with(" wget -qY off -O- http://loki:3100"));
  CHECK(inside.at("jaeger") == "curl -s localhost:1234");
}

TEST_CASE("a volume is reached without the component that owns it") {
  const Topology topology = test::sized({"name=edge"}).topology;
  const Values values =
      word_values(test::compose_words(topology), topology, {}, {}).at("cmd").at("volume");
  const std::string loki = values.at("loki");
  CHECK(loki.starts_with("docker run --rm -v edge_loki-data:/d busybox:"));
  CHECK_FALSE(values.contains("node-exporter"));
}

TEST_CASE("an unknown target is named with those that exist") {
  const auto found = find_target("swarm");
  REQUIRE_FALSE(found);
  CHECK(found.error().code == Code::usage);
  CHECK(found.error().hint.find("compose") != std::string::npos);
}

TEST_CASE("Compose refuses what one host cannot run") {
  Topology topology = test::sized().topology;
  topology.components.back().instances = 2;
  const auto carried = (*find_target("compose"))->carries(topology);
  REQUIRE_FALSE(carried);
  CHECK(carried.error().message.find(topology.components.back().name) != std::string::npos);
}
