// SPDX-License-Identifier: Apache-2.0
// The state of a stack survives kills, full disks and fields of other versions.
#include "lib/stack/state.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "lib/stack/paths.hpp"
#include "tests/support/faulty_filesystem.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
using namespace obsctl::stack;
using obsctl::test::FaultyFileSystem;
using obsctl::test::Killed;
using obsctl::test::TemporaryDirectory;

namespace {

Time at(std::string_view text) {
  return parse_time(text).value();
}

const BackupRecord k_first{at("2026-11-25T02:00:00Z"), "20261125-a", "/srv/backups", true};
const BackupRecord k_second{at("2026-11-26T02:00:00Z"), "20261126-b", "/srv/backups", false};

State state_in(const TemporaryDirectory& directory) {
  const OsFileSystem files;
  auto state = read_state(files, directory.path());
  REQUIRE_MESSAGE(state, (state ? "" : state.error().message));
  return std::move(*state);
}

void write(const TemporaryDirectory& directory, std::string_view text) {
  OsFileSystem files;
  REQUIRE(files.make_directories(directory.path() / stack_paths::own));
  REQUIRE(files.write_atomic(directory.path() / stack_paths::state, text, 0644));
}

}  // namespace

TEST_CASE("a stack that nothing was done with has an empty state") {
  const TemporaryDirectory directory;
  const State state = state_in(directory);
  CHECK_FALSE(state.last_backup);
  CHECK_FALSE(state.open_journal);
}

TEST_CASE("every record comes back as it was written") {
  const TemporaryDirectory directory;
  OsFileSystem files;
  const ProofRecord verified{at("2026-11-26T03:00:00Z"), "20261126-b", true};
  const ProofRecord drilled{at("2026-11-26T04:00:00Z"), "20261126-b", false};
  const PruneRecord pruned{at("2026-11-26T05:00:00Z"), 3, 7};
  const JournalRecord journal{at("2026-11-26T06:00:00Z"), "restore", "/srv/backups/r.json"};
  REQUIRE(update_state(files, directory.path(), [&](State& state) {
    state.last_backup = k_second;
    state.last_verify = verified;
    state.last_drill = drilled;
    state.last_prune = pruned;
    state.open_journal = journal;
  }));
  State state = state_in(directory);
  CHECK(state.last_backup == k_second);
  CHECK(state.last_verify == verified);
  CHECK(state.last_drill == drilled);
  CHECK(state.last_prune == pruned);
  CHECK(state.open_journal == journal);
  REQUIRE(update_state(files, directory.path(), [](State& now) { now.open_journal.reset(); }));
  state = state_in(directory);
  CHECK_FALSE(state.open_journal);
  CHECK(state.last_prune == pruned);
  CHECK(files.mode(directory.path() / stack_paths::state) == 0644);
}

TEST_CASE("fields of another version are kept, but not those of a record that is replaced") {
  const TemporaryDirectory directory;
  write(directory, R"({"schema": "obsctl.state/v1", "later": {"x": 1},
    "last_backup": {"at": "2026-11-25T02:00:00Z", "id": "a", "repository": "/r", "complete": true,
                    "bytes": 5},
    "last_prune": {"at": "2026-11-25T02:00:00Z", "removed": 1, "kept": 2, "freed": 9}})");
  OsFileSystem files;
  REQUIRE(
      update_state(files, directory.path(), [](State& state) { state.last_backup = k_second; }));
  const std::string text = files.read(directory.path() / stack_paths::state).value();
  CHECK(text.find("\"later\"") != std::string::npos);
  CHECK(text.find("\"freed\": 9") != std::string::npos);
  CHECK(text.find("\"bytes\"") == std::string::npos);
}

TEST_CASE("a damaged state and one of another schema are told apart, and stay as they are") {
  const TemporaryDirectory directory;
  OsFileSystem files;
  for (
      const char* text :
      {"", "{", "[]", R"({"schema": 1})", R"({"schema": "obsctl.state/v1", "last_prune": {}})",
       R"({"schema": "obsctl.state/v1", "last_verify": {"at": "yesterday", "id": "a", "passed": true}})",
       R"({"schema": "obsctl.state/v1", "last_backup": 7})"}) {
    CAPTURE(text);
    write(directory, text);
    const auto damaged = read_state(files, directory.path());
    REQUIRE_FALSE(damaged);
    CHECK(damaged.error().code == Code::integrity);
    CHECK(damaged.error().hint.find("remove the file") != std::string::npos);
    CHECK_FALSE(update_state(files, directory.path(), [](State&) {}));
    CHECK(files.read(directory.path() / stack_paths::state) == text);
  }
  write(directory, R"({"schema": "obsctl.state/v2"})");
  const auto newer = read_state(files, directory.path());
  REQUIRE_FALSE(newer);
  CHECK(newer.error().code == Code::config);
}

TEST_CASE("a kill or a full disk at any operation leaves the old or the new state") {
  for (const auto accident :
       {FaultyFileSystem::Accident::kill, FaultyFileSystem::Accident::disk_full}) {
    const auto change = [](State& state) { state.last_backup = k_second; };
    int operations = 0;
    {
      const TemporaryDirectory directory;
      FaultyFileSystem counting(accident, 0);
      REQUIRE(update_state(counting, directory.path(), change));
      operations = counting.operations();
    }
    REQUIRE(operations >= 3);
    for (int when = 1; when <= operations; ++when) {
      CAPTURE(when);
      const TemporaryDirectory directory;
      OsFileSystem files;
      REQUIRE(
          update_state(files, directory.path(), [](State& state) { state.last_backup = k_first; }));
      FaultyFileSystem faulty(accident, when);
      std::optional<Result<void>> result;
      try {
        result = update_state(faulty, directory.path(), change);
      } catch (const Killed&) {
      }
      const bool succeeded = result && *result;
      CHECK(state_in(directory).last_backup == (succeeded ? k_second : k_first));
      REQUIRE(update_state(files, directory.path(), change));
      CHECK(state_in(directory).last_backup == k_second);
    }
  }
}

TEST_CASE("two updates at once: the second one is told") {
  const TemporaryDirectory directory;
  OsFileSystem files;
  Result<void> inner;
  REQUIRE(update_state(files, directory.path(), [&](State& state) {
    state.last_backup = k_first;
    inner = update_state(files, directory.path(), [](State& now) { now.last_backup = k_second; });
  }));
  REQUIRE_FALSE(inner);
  CHECK(inner.error().message.find("is locked by another obsctl") != std::string::npos);
  CHECK(state_in(directory).last_backup == k_first);
}
