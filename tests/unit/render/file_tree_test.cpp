// SPDX-License-Identifier: Apache-2.0
// Nothing unsafe or unparsable may reach the disk.
#include "lib/render/file_tree.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

TEST_CASE("paths stay inside the directory") {
  CHECK(validate_tree({{"a/b.txt", {"x"}}, {"a/c.txt", {"y"}}, {".env", {""}}}));
  for (const std::string path :
       {"", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", ".obsctl/manifest.json"}) {
    CAPTURE(path);
    CHECK_FALSE(validate_tree({{path, {"x"}}}));
  }
  CHECK_FALSE(validate_tree({{"a", {"x"}}, {"a-b", {"x"}}, {"a/b", {"y"}}}));
}

TEST_CASE("YAML and JSON must parse") {
  const auto yaml =
      validate_tree({{"x.yml", {.bytes = "a: 1\nb: 2\na: 3\n", .origin = "templates/x.yml"}}});
  REQUIRE_FALSE(yaml);
  CHECK(yaml.error().at->str() == "x.yml:3:1");
  CHECK(yaml.error().hint == "it was rendered from 'templates/x.yml'");
  const auto json = validate_tree({{"x.json", {"{\n\"a\": 1,\n}\n"}}});
  REQUIRE_FALSE(json);
  CHECK(json.error().at->str() == "x.json:3");
  CHECK(validate_tree({{"x.json", {"{\"a\": [1, 2]}"}}, {"x.yaml", {"a: 1\n---\nb: 2\n"}}}));
}
