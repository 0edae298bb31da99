// SPDX-License-Identifier: Apache-2.0
// A kill or a full disk at every single operation leaves exactly the old or exactly the new
// directory.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <iterator>
#include <map>
#include <optional>

#include "lib/apply/stack_directory.hpp"
#include "tests/support/faulty_filesystem.hpp"

using namespace obsctl;
using namespace obsctl::apply;
using obsctl::test::FaultyFileSystem;
using obsctl::test::Killed;

namespace {

namespace fs = std::filesystem;
using Snapshot = std::map<std::string, std::pair<std::string, FileMode>>;

const FileTree k_old = {{"obsctl.yaml", {.bytes = "tier: small\n"}},
                        {"compose.yml", {.bytes = "a: 1\n"}},
                        {"prometheus/prometheus.yml", {.bytes = "b: 1\n"}},
                        {"gone/old.yml", {.bytes = "c: 1\n"}},
                        {"swap", {.bytes = "a file that becomes a directory"}},
                        {"secrets/token", {.bytes = "old-token", .mode = 0600, .secret = true}}};
const FileTree k_new = {{"obsctl.yaml", {.bytes = "tier: small\nkeep: 20%\n"}},
                        {"compose.yml", {.bytes = "a: 2\n"}},
                        {"prometheus/prometheus.yml", {.bytes = "b: 2\n"}},
                        {"prometheus/rules/r.yml", {.bytes = "r: 1\n"}},
                        {"swap/inner.yml", {.bytes = "d: 1\n"}},
                        {"secrets/token", {.bytes = "new-token", .mode = 0600, .secret = true}}};

// Everything in a directory except the lock and the user's view of time: path → bytes and mode.
Snapshot snapshot(const fs::path& dir) {
  const OsFileSystem files;
  Snapshot out;
  if (!files.exists(dir)) {
    return out;
  }
  const auto paths = (*files.open_directory(dir))->list(".");
  REQUIRE(paths);
  for (const auto& path : *paths) {
    if (path != ".obsctl/lock") {
      out[path.string()] = {*files.read(dir / path), *files.mode(dir / path)};
    }
  }
  return out;
}

long entries(const fs::path& dir) {
  return std::distance(fs::directory_iterator(dir), fs::directory_iterator());
}

Result<void> run(FileSystem& files, const fs::path& dir, const FileTree& tree) {
  OBS_TRY_ASSIGN(StackDirectory stack, StackDirectory::open(files, dir, Access::read_write));
  OBS_TRY_ASSIGN(const DiskState disk, stack.read(tree));
  return stack.apply(make_plan(tree, disk, stack.manifest(), false), "1");
}

// An empty directory that is removed at the end.
struct Scratch {
  Scratch() : path(fs::temp_directory_path() / fmt::format("obsctl-apply-{}", ::getpid())) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Scratch() { fs::remove_all(path); }
  fs::path path;
};

enum class Before { nothing, foreign, generated };

void prepare(const fs::path& dir, Before before) {
  fs::remove_all(dir.parent_path());
  fs::create_directories(dir.parent_path());
  OsFileSystem files;
  if (before == Before::generated) {
    REQUIRE(run(files, dir, k_old));
  }
  if (before != Before::nothing) {
    fs::create_directories(dir);
    REQUIRE(files.write_atomic(dir / "notes.txt", "the user's", 0640));
  }
}

// The directory after the accident and whatever the next obsctl does first.
Snapshot after_recovery(const fs::path& dir) {
  OsFileSystem files;
  const auto opened = StackDirectory::open(files, dir, Access::read_write);
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
  return snapshot(dir);
}

void check_every_accident(FaultyFileSystem::Accident accident, Before start) {
  const Scratch scratch;
  const fs::path dir = scratch.path / "parent" / "stack";
  prepare(dir, start);
  const Snapshot before = snapshot(dir);
  FaultyFileSystem counting(accident, 0);
  REQUIRE(run(counting, dir, k_new));
  const Snapshot after = snapshot(dir);
  REQUIRE(before != after);
  int old_states = 0;
  int new_states = 0;
  for (int at = 1; at <= counting.operations(); ++at) {
    CAPTURE(at);
    prepare(dir, start);
    FaultyFileSystem faulty(accident, at);
    std::optional<Result<void>> result;
    try {
      result = run(faulty, dir, k_new);
    } catch (const Killed&) {
    }
    const Snapshot recovered = after_recovery(dir);
    const bool is_old = recovered == before;
    CHECK((is_old || recovered == after));
    ++(is_old ? old_states : new_states);
    if (result && *result) {
      CHECK_FALSE(is_old);  // success was reported
    }
    OsFileSystem files;
    REQUIRE(run(files, dir, k_new));  // and running it again always leads to the new one
    CHECK(snapshot(dir) == after);
    CHECK(entries(scratch.path / "parent") == 1);  // no building site is left beside it
  }
  CHECK(old_states > 0);
  CHECK(new_states > 0);
}

}  // namespace

TEST_CASE("killed while making a new directory") {
  check_every_accident(FaultyFileSystem::Accident::kill, Before::nothing);
}

TEST_CASE("killed while generating into a directory of the user") {
  check_every_accident(FaultyFileSystem::Accident::kill, Before::foreign);
}

TEST_CASE("killed while changing a generated directory") {
  check_every_accident(FaultyFileSystem::Accident::kill, Before::generated);
}

TEST_CASE("disk full while making a new directory") {
  check_every_accident(FaultyFileSystem::Accident::disk_full, Before::nothing);
}

TEST_CASE("disk full while generating into a directory of the user") {
  check_every_accident(FaultyFileSystem::Accident::disk_full, Before::foreign);
}

TEST_CASE("disk full while changing a generated directory") {
  check_every_accident(FaultyFileSystem::Accident::disk_full, Before::generated);
}

TEST_CASE("files of the user stay, secrets stay, directories with secrets are private") {
  const Scratch scratch;
  const fs::path dir = scratch.path / "parent" / "stack";
  prepare(dir, Before::generated);
  OsFileSystem files;
  REQUIRE(run(files, dir, k_new));
  const Snapshot now = snapshot(dir);
  CHECK(now.at("notes.txt") == std::pair<std::string, FileMode>{"the user's", 0640});
  CHECK(now.at("secrets/token").first == "old-token");
  CHECK(now.at("secrets/token").second == 0600);
  CHECK(*files.mode(dir / "secrets") == 0700);
  CHECK(*files.mode(dir / "prometheus") == 0755);
  CHECK_FALSE(now.contains("gone/old.yml"));
  CHECK(now.at("swap/inner.yml").first == "d: 1\n");
  CHECK_FALSE(now.contains(".obsctl/journal.json"));
}

TEST_CASE("two writers: the second one is told, and nothing is written by it") {
  const Scratch scratch;
  const fs::path dir = scratch.path / "parent" / "stack";
  prepare(dir, Before::generated);
  OsFileSystem files;
  const Snapshot before = snapshot(dir);
  {
    const auto first = StackDirectory::open(files, dir, Access::read_write);
    REQUIRE(first);
    const auto second = run(files, dir, k_new);
    REQUIRE_FALSE(second);
    CHECK(second.error().message.find("is locked by another obsctl") != std::string::npos);
    CHECK(StackDirectory::open(files, dir, Access::read_only));
  }
  CHECK(snapshot(dir) == before);
  CHECK(run(files, dir, k_new));
}

TEST_CASE("running again changes nothing, not even a time stamp") {
  const Scratch scratch;
  const fs::path dir = scratch.path / "parent" / "stack";
  prepare(dir, Before::generated);
  const auto time = fs::last_write_time(dir / ".obsctl/manifest.json");
  FaultyFileSystem files(FaultyFileSystem::Accident::kill, 0);
  REQUIRE(run(files, dir, k_old));
  CHECK(files.operations() <= 2);  // the lock and its directory
  CHECK(fs::last_write_time(dir / ".obsctl/manifest.json") == time);
}
