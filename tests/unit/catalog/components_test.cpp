// component.yaml: what stands in it is read, and every mistake of a file is said at once.
#include "lib/catalog/components.hpp"

#include <doctest/doctest.h>

#include "lib/catalog/component_sizing.hpp"

using namespace obsctl;

TEST_CASE("every component pins its image and has sizing rules") {
  const auto all = catalog::components();
  REQUIRE_MESSAGE(all, (all ? "" : all.error().message));
  const auto rules = catalog::sizing_rules();
  REQUIRE(rules);
  for (const auto& [name, component] : *all) {
    CAPTURE(name);
    CHECK(component.reference().find(":latest") == std::string::npos);
    CHECK(rules->contains(name));
    for (const auto& provided : component.provides) {
      CHECK(component.port(provided.port) != nullptr);
    }
  }
}

TEST_CASE("all mistakes of a component are said, each with its place") {
  const auto bad = catalog::parse_component(
      "title: X\nimage: x/x\nversion: latest\nuid: 0\nporpose: y\n"
      "ports:\n  - {name: web, number: 0, exposure: public, purpose: p}\n"
      "probe: {port: wep, path: /}\n",
      "x.yaml", "x");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().at->line == 5);
  CHECK(bad.error().hint == "did you mean 'purpose'?");
  REQUIRE(bad.error().more.size() == 5);
  CHECK(bad.error().more.back().message == "there is no port 'wep'");
  CHECK(bad.error().more.back().at->line == 8);
}
