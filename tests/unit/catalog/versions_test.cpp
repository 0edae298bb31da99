// SPDX-License-Identifier: Apache-2.0
// versions.yaml: which changes a move between versions meets, and mistakes of the file.
#include "lib/catalog/versions.hpp"

#include <doctest/doctest.h>

#include "lib/catalog/components.hpp"

using namespace obsctl;
using namespace obsctl::catalog;

TEST_CASE("versions are compared number by number") {
  CHECK(compare_versions("0.9.0", "0.10.0") < 0);
  CHECK(compare_versions("3.16.0", "3.2.9") > 0);
  CHECK(compare_versions("1.2", "1.2.0") == 0);
  CHECK(compare_versions("2.0.0", "1.99.99") > 0);
}

TEST_CASE("a move meets what is later than the old version, up to the new one") {
  const auto changes = parse_version_changes(
      "changes:\n"
      "  - {version: 1.3.0, kind: key, was: a, now: b, says: C., source: d}\n"
      "  - {version: 1.2.0, kind: removed, was: e, says: F., source: g}\n"
      "  - {version: 1.1.0, kind: default, now: h, says: I., source: j}\n",
      "versions.yaml");
  REQUIRE(changes);
  const auto met = changes_between(*changes, "1.1.0", "1.2.5");
  REQUIRE(met.size() == 1);
  CHECK(met[0].was == "e");
  CHECK(met[0].kind == ChangeKind::removed);
  CHECK(changes_between(*changes, "1.3.0", "1.1.0").empty());
}

TEST_CASE("every mistake of a file is said with its place") {
  const auto changes = parse_version_changes(
      "changes:\n"
      "  - {version: 1.1.0, kind: kee, says: A., source: b}\n"
      "  - {version: 1.2.0, kind: key, was: c, says: D.}\n",
      "versions.yaml");
  REQUIRE(!changes);
  CHECK(changes.error().more.size() == 3);
  CHECK(changes.error().message == "unknown kind 'kee'");
  CHECK(changes.error().at->line == 2);
}

TEST_CASE("the shipped files belong to components and are well formed") {
  const auto changes = version_changes();
  REQUIRE_MESSAGE(changes, changes.error().message);
  const auto known = components();
  REQUIRE(known);
  CHECK(changes->contains("otel-collector"));
  for (const auto& [name, list] : *changes) {
    CHECK_MESSAGE(known->contains(name), name);
    CHECK_FALSE(list.empty());
  }
}
