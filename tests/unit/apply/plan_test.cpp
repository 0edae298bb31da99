// SPDX-License-Identifier: Apache-2.0
// Every row of the table in plan.hpp.
#include "lib/apply/plan.hpp"

#include <doctest/doctest.h>

#include "lib/base/hash.hpp"
#include "lib/base/text.hpp"

using namespace obsctl;
using namespace obsctl::apply;

namespace {

// A manifest of one file that obsctl wrote, as a release before this one remembered it (only a
// hash), or as it is remembered now (with its text).
Manifest hashed(const std::string& path, const std::string& bytes) {
  Manifest out;
  out.files[path] = {.base = {.sha256 = sha256_hex(bytes), .text = {}}};
  return out;
}

Manifest listed(const std::string& path, const std::string& bytes, bool secret = false) {
  Manifest out;
  out.files[path] = entry_of({.bytes = bytes, .secret = secret});
  return out;
}

Plan plan(const FileTree& wanted, const DiskState& disk, const std::optional<Manifest>& last,
          bool force = false) {
  return make_plan(wanted, disk, last, force);
}

Action one(const FileTree& wanted, const DiskState& disk, const std::optional<Manifest>& last,
           bool force = false) {
  const Plan made = plan(wanted, disk, last, force);
  REQUIRE(made.changes.size() == 1);
  return made.changes[0].action;
}

// "a: keep, a.new: beside"
std::string rows(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& change : plan.changes) {
    out.push_back(change.path + ": " + std::string(action_name(change.action)));
  }
  return join(out, ", ");
}

// The directory after a plan.
DiskState done(DiskState disk, const Plan& plan) {
  for (const auto& change : plan.changes) {
    if (writes(change.action)) {
      const GeneratedFile& file = plan.files.at(change.path);
      disk[change.path] = {file.bytes, file.mode};
    } else if (change.action == Action::remove) {
      disk.erase(change.path);
    }
  }
  return disk;
}

const std::string k_base = "a: 1\nb: 1\nc: 1\nd: 1\n";
const std::string k_mine = "a: 1\nb: 1\nc: 1\nd: mine\n";
const std::string k_far = "a: new\nb: 1\nc: 1\nd: 1\n";   // does not touch k_mine
const std::string k_same = "a: 1\nb: 1\nc: 1\nd: new\n";  // touches it

}  // namespace

TEST_CASE("a wanted file is created, left or updated") {
  const FileTree wanted = {{"a", {.bytes = "new"}}};
  CHECK(one(wanted, {}, std::nullopt) == Action::create);
  CHECK(one(wanted, {}, listed("a", "old")) == Action::create);
  CHECK(one(wanted, {{"a", {"new"}}}, std::nullopt) == Action::unchanged);
  CHECK(one(wanted, {{"a", {"new", 0600}}}, std::nullopt) == Action::update);
  for (const auto& last : {listed("a", "old"), hashed("a", "old")}) {
    CHECK(one(wanted, {{"a", {"old"}}}, last) == Action::update);
    CHECK(one(wanted, {{"a", {"mine"}}}, last, true) == Action::update);
  }
  CHECK(one(wanted, {{"a", {"mine"}}}, std::nullopt, true) == Action::update);
  CHECK(one({{"a", {.bytes = "new", .replaces = true}}}, {{"a", {"mine"}}}, listed("a", "old")) ==
        Action::update);
}

TEST_CASE("an edited file is kept as long as nothing new is wanted, whatever is known of it") {
  const FileTree wanted = {{"a", {.bytes = "old"}}};
  for (const auto& last : {listed("a", "old"), hashed("a", "old")}) {
    const Plan kept = plan(wanted, {{"a", {"mine"}}}, last);
    CHECK(rows(kept) == "a: keep");
    CHECK_FALSE(kept.changes_something());
    CHECK(kept.next.files.at("a").base.text == "old");  // from now on it can be merged
  }
}

TEST_CASE("what both changed is merged when it does not touch and the outcome can be read") {
  const Plan merged =
      plan({{"a.yml", {.bytes = k_far}}}, {{"a.yml", {k_mine}}}, listed("a.yml", k_base));
  CHECK(rows(merged) == "a.yml: merge");
  CHECK(merged.files.at("a.yml").bytes == "a: new\nb: 1\nc: 1\nd: mine\n");
  CHECK(merged.next.files.at("a.yml").base.text == k_far);
  // The next time there is nothing new, and a newer version is merged again.
  const DiskState disk = done({}, merged);
  CHECK(rows(plan({{"a.yml", {.bytes = k_far}}}, disk, merged.next)) == "a.yml: keep");
  const std::string newer = "a: newer\nb: 1\nc: 1\nd: 1\n";
  CHECK(plan({{"a.yml", {.bytes = newer}}}, disk, merged.next).files.at("a.yml").bytes ==
        "a: newer\nb: 1\nc: 1\nd: mine\n");
  // A duplicate key that only the merge has.
  CHECK(rows(plan({{"a.yml", {.bytes = "x: 1\n" + k_base}}}, {{"a.yml", {k_base + "x: 2\n"}}},
                  listed("a.yml", k_base))) == "a.yml: keep, a.yml.new: beside");
  // The person has made the same change already.
  const std::string both = "a: new\nb: 1\nc: 1\nd: mine\n";
  CHECK(rows(plan({{"a.yml", {.bytes = k_far}}}, {{"a.yml", {both}}}, listed("a.yml", k_base))) ==
        "a.yml: keep");
}

TEST_CASE("where a person has to decide, the new version lies beside") {
  const FileTree wanted = {{"a", {.bytes = k_same}}};
  const DiskState disk = {{"a", {k_mine}}};
  for (const auto& last : {std::optional(listed("a", k_base)), std::optional(hashed("a", k_base)),
                           std::optional<Manifest>()}) {
    const Plan offered = plan(wanted, disk, last);
    CHECK(rows(offered) == "a: keep, a.new: beside");
    CHECK(offered.files.at("a.new").bytes == k_same);
    CHECK_FALSE(offered.files.contains("a"));
    const DiskState now = done(disk, offered);
    CHECK(rows(plan(wanted, now, offered.next)) == "a: keep, a.new: wait");
  }
}

TEST_CASE("a FILE.new that is gone is answered: what it offered is what the next version meets") {
  const FileTree wanted = {{"a", {.bytes = k_same}}};
  const Plan offered = plan(wanted, {{"a", {k_mine}}}, listed("a", k_base));
  const DiskState mine = {{"a", {k_mine}}};  // FILE.new deleted, nothing taken over
  const Plan answered = plan(wanted, mine, offered.next);
  CHECK(rows(answered) == "a: keep");
  CHECK(answered.next.files.at("a").base.text == k_same);
  CHECK_FALSE(answered.next.files.at("a").offered);
  const std::string newer = "a: newer\nb: 1\nc: 1\nd: new\n";
  CHECK(plan({{"a", {.bytes = newer}}}, mine, answered.next).files.at("a").bytes ==
        "a: newer\nb: 1\nc: 1\nd: mine\n");
  const DiskState taken = {{"a", {k_same}}};  // FILE.new moved over FILE
  CHECK(rows(plan(wanted, taken, offered.next)) == "a: unchanged");
}

TEST_CASE("a FILE.new that waits is renewed, withdrawn, or left when it was edited") {
  const FileTree wanted = {{"a", {.bytes = k_same}}};
  const Plan offered = plan(wanted, {{"a", {k_mine}}}, listed("a", k_base));
  const DiskState waiting = done({{"a", {k_mine}}}, offered);
  const FileTree newer = {{"a", {.bytes = "a: 1\nb: 1\nc: 1\nd: newer\n"}}};
  CHECK(rows(plan(newer, waiting, offered.next)) == "a: keep, a.new: beside");
  CHECK(rows(plan({{"a", {.bytes = k_base}}}, waiting, offered.next)) == "a: keep, a.new: remove");
  CHECK(rows(plan({{"a", {.bytes = k_far}}}, waiting, offered.next)) == "a: merge, a.new: remove");
  CHECK(rows(plan(wanted, waiting, offered.next, true)) == "a: update, a.new: remove");
  DiskState resolved = waiting;
  resolved["a"] = {k_same};
  CHECK(rows(plan(wanted, resolved, offered.next)) == "a: unchanged, a.new: remove");
  DiskState edited = waiting;
  edited["a.new"] = {"half done"};
  CHECK(rows(plan(newer, edited, offered.next)) == "a: keep, a.new: wait");
  CHECK(rows(plan(wanted, edited, offered.next, true)) == "a: update");
}

TEST_CASE("what is in the way is said, and what is known stays") {
  const FileTree wanted = {{"a", {.bytes = k_same}}};
  const Manifest last = listed("a", k_base);
  for (const bool force : {false, true}) {
    const Plan blocked = plan(wanted, {{"a", {"", 0755, true}}}, last, force);
    CHECK(rows(blocked) == "a: conflict");
    CHECK(blocked.next.files == last.files);
  }
  const Plan blocked = plan(wanted, {{"a", {k_mine}}, {"a.new", {"somebody else's"}}}, last);
  CHECK(rows(blocked) == "a: conflict");
  CHECK(blocked.next.files == last.files);
}

TEST_CASE("a file that is the person's own is written once, and not even forced") {
  const FileTree wanted = {{"a", {.bytes = "start here", .own = true}}};
  CHECK(one(wanted, {}, std::nullopt) == Action::create);
  CHECK(one(wanted, {{"a", {"mine"}}}, std::nullopt) == Action::keep);
  CHECK(one(wanted, {{"a", {"mine"}}}, listed("a", "start"), true) == Action::keep);
}

TEST_CASE("a file of the last time that is not wanted any more is removed, or the person's") {
  for (const auto& last : {listed("a", "old"), hashed("a", "old")}) {
    CHECK(one({}, {{"a", {"old"}}}, last) == Action::remove);
    CHECK(one({}, {{"a", {"mine"}}}, last, true) == Action::remove);
    const Plan released = plan({}, {{"a", {"mine"}}}, last);
    CHECK(rows(released) == "a: release");
    CHECK(released.next.files.empty());
    CHECK(plan({}, {}, last, false).changes.empty());
    CHECK(plan({}, {{"a", {"", 0755, true}}}, last, true).changes.empty());
  }
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
  Manifest manifest = hashed("a/b.yml", "x");
  manifest.version = "1.2.3";
  manifest.files["tls/ca.key"] = entry_of({.bytes = "key", .mode = 0600, .secret = true});
  manifest.files["b"] = entry_of({.bytes = "one line\nno end"});
  manifest.files["c"] = entry_of({.bytes = "not everybody reads it", .mode = 0600});
  manifest.files["d"] = entry_of({.bytes = "\xff not UTF-8"});
  manifest.files["e"].offered = version_of({.bytes = "\n\n"});
  CHECK(manifest.files["b"].base.text);
  CHECK_FALSE(manifest.files["c"].base.text);
  CHECK_FALSE(manifest.files["d"].base.text);
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
