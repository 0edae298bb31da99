// SPDX-License-Identifier: Apache-2.0
// Every row of the table in plan.hpp.
#include "lib/apply/plan.hpp"

#include <doctest/doctest.h>

#include "lib/base/hash.hpp"

using namespace obsctl;
using namespace obsctl::apply;

namespace {

Manifest listed(const std::string& path, const std::string& bytes, bool secret = false) {
  Manifest out;
  out.files[path] = {.sha256 = secret ? "" : sha256_hex(bytes), .mode = 0644, .secret = secret};
  return out;
}

Action one(const FileTree& wanted, const DiskState& disk, const std::optional<Manifest>& last,
           bool force = false) {
  const Plan plan = make_plan(wanted, disk, last, force);
  REQUIRE(plan.changes.size() == 1);
  return plan.changes[0].action;
}

}  // namespace

TEST_CASE("a wanted file is created, left, updated or in conflict") {
  const FileTree wanted = {{"a", {.bytes = "new"}}};
  CHECK(one(wanted, {}, std::nullopt) == Action::create);
  CHECK(one(wanted, {}, listed("a", "old")) == Action::create);
  CHECK(one(wanted, {{"a", {"new"}}}, std::nullopt) == Action::unchanged);
  CHECK(one(wanted, {{"a", {"new", 0600}}}, std::nullopt) == Action::update);
  CHECK(one(wanted, {{"a", {"old"}}}, listed("a", "old")) == Action::update);
  CHECK(one(wanted, {{"a", {"mine"}}}, listed("a", "old")) == Action::conflict);
  CHECK(one(wanted, {{"a", {"mine"}}}, std::nullopt) == Action::conflict);
  CHECK(one(wanted, {{"a", {"mine"}}}, std::nullopt, true) == Action::update);
  CHECK(one(wanted, {{"a", {"mine"}}}, listed("a", "old"), true) == Action::update);
  CHECK(one(wanted, {{"a", {"", 0755, true}}}, std::nullopt, true) == Action::conflict);
  CHECK(one({{"a", {.bytes = "new", .replaces = true}}}, {{"a", {"mine"}}}, listed("a", "old")) ==
        Action::update);
}

TEST_CASE("a file of the last time that is not wanted any more is removed unless it was edited") {
  CHECK(one({}, {{"a", {"old"}}}, listed("a", "old")) == Action::remove);
  CHECK(one({}, {{"a", {"mine"}}}, listed("a", "old")) == Action::conflict);
  CHECK(one({}, {{"a", {"mine"}}}, listed("a", "old"), true) == Action::remove);
  CHECK(make_plan({}, {}, listed("a", "old"), false).changes.empty());
}

TEST_CASE("a secret is made once and then kept, even when it is not used") {
  const FileTree wanted = {{"a", {.bytes = "x", .mode = 0600, .secret = true}}};
  CHECK(one(wanted, {}, std::nullopt) == Action::create);
  CHECK(one(wanted, {{"a", {"", 0600}}}, std::nullopt) == Action::keep);
  CHECK(one(wanted, {{"a", {"", 0400}}}, std::nullopt) == Action::keep);
  CHECK(one(wanted, {{"a", {"", 0644}}}, std::nullopt) == Action::update);
  CHECK(one({{"a", {.bytes = "x", .mode = 0600, .secret = true, .replaces = true}}},
            {{"a", {"", 0600}}}, listed("a", "", true)) == Action::update);
  CHECK(one(wanted, {{"a", {"", 0600}}}, listed("a", "", true), true) == Action::keep);
  CHECK(one({}, {{"a", {"", 0600}}}, listed("a", "", true), true) == Action::keep);
}

TEST_CASE("a manifest reads back, and one that points outside is refused") {
  Manifest manifest = listed("a/b.yml", "x");
  manifest.version = "1.2.3";
  manifest.files["tls/ca.key"] = {.sha256 = "", .mode = 0600, .secret = true};
  const auto back = parse_manifest(print_manifest(manifest), "m.json");
  REQUIRE(back);
  CHECK(*back == manifest);
  for (
      const std::string text :
      {R"({"schema": "obsctl.manifest/v1", "obsctl": "1", "files": {"../x": {"mode": "0644", "sha256": ""}}})",
       R"({"schema": "obsctl.manifest/v2", "obsctl": "1", "files": {}})",
       R"({"schema": "obsctl.manifest/v1", "files": {}})", R"({"schema)",
       R"({"schema": "obsctl.manifest/v1", "obsctl": "1", "files": {"x": {"mode": "99", "sha256": ""}}})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_manifest(text, "m.json"));
  }
}
