// The commands with which a person reaches into a stack.
#include "lib/render/reach.hpp"

#include <doctest/doctest.h>

#include "tests/support/sized.hpp"

using namespace obsctl;

TEST_CASE("a published API is asked with curl, another one from inside the network") {
  const Values open = ask_commands(test::sized({"traces.backend=tempo"}).topology, "busybox:1");
  CHECK(open.at("tempo") == "curl -s localhost:3200");
  CHECK(open.at("otel-collector") == "curl -s localhost:8888");
  const Values closed = ask_commands(
      test::sized({"name=edge", "ports.loki=0", "ports.jaeger=1234"}).topology, "busybox:1");
  CHECK(closed.at("loki") == "docker run --rm --network edge busybox:1 wget -qO- http://loki:3100");
  CHECK(closed.at("jaeger") == "curl -s localhost:1234");
}

TEST_CASE("a volume is reached without the component that owns it") {
  const Values values = volume_commands(test::sized({"name=edge"}).topology, "busybox:1");
  CHECK(values.at("loki") == "docker run --rm -v edge_loki-data:/d busybox:1");
  CHECK_FALSE(values.contains("node-exporter"));
}

TEST_CASE("curl gets the authority and the token that the receivers want") {
  SecuritySpec security;
  CHECK(curl_options(security).empty());
  security.tls = "self-signed";
  CHECK(curl_options(security) == "--cacert tls/ca.crt ");
  security.auth = "bearer";
  CHECK(curl_options(security).find("OTLP_AUTH_TOKEN") != std::string::npos);
}
