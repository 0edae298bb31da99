// SPDX-License-Identifier: Apache-2.0
// Whom loadgen may flood: entries cover exactly what they say, and say where they are wrong.
#include "lib/model/load_target.hpp"

#include <doctest/doctest.h>

#include "lib/model/spec.hpp"

using namespace obsctl;

TEST_CASE("an entry covers its host on every port, or on one port only") {
  const std::vector<std::string> host = {"Otel.Staging.example"};
  CHECK(load_allowed(host, "otel.staging.EXAMPLE", 4317));
  CHECK(load_allowed(host, "otel.staging.example", 80));
  CHECK_FALSE(load_allowed(host, "otel.staging.example.evil", 4317));
  CHECK_FALSE(load_allowed(host, "prod.otel.staging.example", 4317));
  CHECK_FALSE(load_allowed(host, "staging.example", 4317));
  const std::vector<std::string> port = {"otel:4317"};
  CHECK(load_allowed(port, "OTEL", 4317));
  CHECK_FALSE(load_allowed(port, "otel", 4318));
  CHECK_FALSE(load_allowed({}, "otel", 4317));
  CHECK(load_allowed({"a", "otel:4318", "10.0.0.7"}, "10.0.0.7", 1));
  CHECK_FALSE(load_allowed({"10.0.0.7"}, "10.0.0.70", 1));
}

TEST_CASE("an IPv6 address is the same in every spelling") {
  const std::vector<std::string> one = {"[2001:DB8:0:0::1]:4317"};
  CHECK(load_allowed(one, "2001:db8::1", 4317));
  CHECK(load_allowed(one, "2001:0db8:0:0:0:0:0:1", 4317));
  CHECK_FALSE(load_allowed(one, "2001:db8::1", 4318));
  CHECK_FALSE(load_allowed(one, "2001:db8::11", 4317));
  CHECK(load_allowed({"[2001:db8::1]"}, "2001:db8::1", 9));
}

TEST_CASE("an entry that means more or less than it says is refused") {
  for (const char* text : {"", ":4317", "http://otel:4317", "otel:4317/v1", "*.example", "otel:",
                           "otel:0", "otel:70000", "otel:http", "2001:db8::1", "[2001:db8::1",
                           "[2001:db8::1]4317", "[otel]:4317", "a b", "user@otel", "otel, prod"}) {
    CAPTURE(text);
    const auto target = parse_load_target(text);
    REQUIRE_FALSE(target);
    CHECK(target.error().code == Code::config);
    CHECK_FALSE(target.error().hint.empty());
    CHECK_FALSE(load_allowed({text}, text, 4317));
  }
}

TEST_CASE("loadgen.targets is read, written and set like any other setting") {
  const auto spec =
      read_spec("loadgen:\n  targets:\n    - otel:4317\n    - '[2001:db8::1]'\n", "obsctl.yaml");
  REQUIRE_MESSAGE(spec, spec.error().message);
  CHECK(spec->loadgen.targets == std::vector<std::string>{"otel:4317", "[2001:db8::1]"});
  const std::string text = write_spec(*spec);
  const auto back = read_spec(text, "obsctl.yaml");
  REQUIRE_MESSAGE(back, back.error().message);
  CHECK(back->loadgen.targets == spec->loadgen.targets);
  // Who never asked for it finds nothing of it in the file.
  CHECK(write_spec(StackSpec{}).find("loadgen") == std::string::npos);

  StackSpec set;
  REQUIRE(set_field(set, "loadgen.targets=a:1, b"));
  CHECK(set.loadgen.targets == std::vector<std::string>{"a:1", "b"});
  CHECK(set_field(set, "loadgen.targets=http://a").error().code == Code::usage);
  CHECK(set.loadgen.targets.size() == 2);
  REQUIRE(set_field(set, "loadgen.targets="));
  CHECK(set.loadgen.targets.empty());
  CHECK(set_field(set, "loadgen.target=a").error().hint == "did you mean 'loadgen.targets'?");
}

TEST_CASE("a wrong entry is found with its position") {
  const auto entry = read_spec("loadgen:\n  targets:\n    - otel\n    - http://x\n", "obsctl.yaml");
  REQUIRE_FALSE(entry);
  CHECK(entry.error().code == Code::config);
  CHECK(entry.error().at->str() == "obsctl.yaml:4:7");
  const auto scalar = read_spec("loadgen:\n  targets: otel\n", "obsctl.yaml");
  REQUIRE_FALSE(scalar);
  CHECK(scalar.error().message == "'loadgen.targets' must be a list");
  CHECK(scalar.error().at->str() == "obsctl.yaml:2:12");
  const auto map = read_spec("loadgen:\n  targets:\n    otel: 4317\n", "obsctl.yaml");
  REQUIRE_FALSE(map);
  CHECK(map.error().message == "'loadgen.targets' must be a list");
  CHECK(read_spec("loadgen:\n  targets:\n", "obsctl.yaml").has_value());
  CHECK(read_spec("loadgen:\n", "obsctl.yaml").has_value());
}
