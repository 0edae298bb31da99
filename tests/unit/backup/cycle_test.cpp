// SPDX-License-Identifier: Apache-2.0
// Sets made, kept and restored on a real disk with a clock that is set back and forward.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "lib/backup/create.hpp"
#include "lib/backup/report.hpp"
#include "lib/backup/restore.hpp"
#include "tests/support/fake_terminal.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
using namespace obsctl::backup;
namespace fs = std::filesystem;

namespace {

// A clock that can be set.
class SetClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::system_clock::time_point now() const override { return time; }
  [[nodiscard]] std::chrono::steady_clock::time_point monotonic() const override { return {}; }
  bool sleep(Duration /*duration*/, const StopFlag& /*stop*/, StopLevel /*wakes*/) override {
    return true;
  }
  Time time = parse_time("2026-11-24T02:00:00Z").value();
};

struct Bed {
  test::TemporaryDirectory directory;
  fs::path data = directory.path() / "data";
  SetClock clock;
  OsRandom random;
  StopFlag stop;
  test::FakeTerminal terminal;
  ProgressLine progress{terminal, clock, true};
  Services services{clock, random, stop, progress, [](const std::string&) {}};
  Repository repository = Repository::init(directory.path() / "repo", random).value();

  Bed() {
    fs::create_directories(data);
    write("1");
  }
  void write(const std::string& text) const { std::ofstream(data / "file") << text; }

  std::string create(std::string_view at, CreateOptions options = {}) {
    clock.time = parse_time(at).value();
    const auto volumes = directory_volumes({data}, repository.path()).value();
    auto created = backup::create(services, repository, volumes, options);
    REQUIRE_MESSAGE(created, (created ? "" : created.error().message));
    return created->set.id;
  }

  std::vector<std::string> ids() const {
    std::vector<std::string> out;
    const auto sets = repository.sets().value();
    for (const StoredSet& set : sets) {
      out.push_back(set.id);
    }
    return out;
  }

  std::string latest() const { return find_set(repository.sets().value(), "latest").value().id; }
};

RetentionPolicy keep(std::string_view policy) {
  return parse_policy(policy, "--retain").value();
}

}  // namespace

TEST_CASE("sets are ordered as they were made, whatever the clock says") {
  Bed bed;
  const auto first = bed.create("2026-11-24T02:00:00Z");
  const auto future = bed.create("2036-11-24T02:00:00Z");
  const auto back = bed.create("2026-11-23T02:00:00Z");
  CHECK(bed.ids() == std::vector{back, future, first});
  CHECK(bed.latest() == back);
  const auto pruned = prune(bed.services, bed.repository, keep("last=1"), false).value();
  CHECK(pruned.removed() == 0);  // both are dated in the future of the third
  bed.clock.time = parse_time("2026-11-25T02:00:00Z").value();
  REQUIRE(prune(bed.services, bed.repository, keep("last=1"), false));
  CHECK(bed.ids() == std::vector{back, future});
}

TEST_CASE("a number is not given twice after the newest set was removed by hand") {
  Bed bed;
  bed.create("2026-11-24T02:00:00Z");
  const auto second = bed.create("2026-11-24T02:00:01Z");
  REQUIRE(bed.repository.remove(second));
  bed.create("2026-11-24T02:00:02Z");
  const auto sets = bed.repository.sets().value();
  REQUIRE(sets.size() == 2);
  CHECK(sets[0].manifest.sequence > sets[1].manifest.sequence);
}

TEST_CASE("a stop before the end leaves no set and no rest") {
  Bed bed;
  const auto first = bed.create("2026-11-24T02:00:00Z");
  bed.stop.request(SIGTERM);
  const auto volumes = directory_volumes({bed.data}, bed.repository.path()).value();
  const auto created = create(bed.services, bed.repository, volumes, {});
  REQUIRE_FALSE(created);
  CHECK(created.error().code == Code::terminated);
  CHECK(bed.ids() == std::vector{first});
  CHECK(bed.repository.reclaim().value() == 0);
}

TEST_CASE("a volume of another kind needs nothing else") {
  Bed bed;
  auto volumes = directory_volumes({bed.data}, bed.repository.path()).value();
  Volume& volume = volumes.front();
  volume.name = "named-volume";
  volume.source = "engine";
  volume.path = "shop_prometheus";
  volume.consistency = Consistency::clean;
  volume.measure = []() -> Result<std::optional<std::uint64_t>> { return std::nullopt; };
  const auto created = create(bed.services, bed.repository, volumes, {.group = "shop"}).value();
  const VolumeRecord& record = created.set.manifest.volumes.front();
  CHECK(record.source == "engine");
  CHECK(record.consistency == Consistency::clean);
  CHECK(record.bytes == 1);
  CHECK(created.set.manifest.group == "shop");
}

TEST_CASE("a volume that cannot be opened fails the backup, or is missing in a partial one") {
  Bed bed;
  auto volumes = directory_volumes({bed.data}, bed.repository.path()).value();
  volumes.push_back(volumes.front());
  volumes.back().name = "dead";
  volumes.back().open = []() -> Result<std::unique_ptr<archive::TreeSource>> {
    return fail(Code::unreachable, "the engine does not answer");
  };
  const auto refused = create(bed.services, bed.repository, volumes, {});
  REQUIRE_FALSE(refused);
  CHECK(bed.ids().empty());
  const auto partial = create(bed.services, bed.repository, volumes,
                              {.allow_partial = true, .retain = keep("last=1")});
  REQUIRE_MESSAGE(partial, (partial ? "" : partial.error().message));
  CHECK(partial->set.manifest.status == Status::partial);
  CHECK(partial->set.manifest.warnings ==
        std::vector<std::string>{"the volume 'dead' is missing: the engine does not answer"});
  CHECK_FALSE(partial->pruned);
  CHECK(partial->proof.passed());
  CHECK_FALSE(find_set(bed.repository.sets().value(), "latest"));
}

TEST_CASE("a restore is compared with the index and remembers how long it took") {
  Bed bed;
  bed.create("2026-11-24T02:00:00Z");
  bed.write("changed");
  const auto sets = bed.repository.sets().value();
  const RestoreOptions options{.target = bed.directory.path() / "out"};
  const auto plan = plan_restore(bed.repository, sets, sets.front(), options).value();
  CHECK_FALSE(plan.touches());
  const auto restored = restore(bed.services, bed.repository, sets.front(), plan, true).value();
  CHECK(restored.entries == 2);
  std::string text;
  std::ifstream(bed.directory.path() / "out" / "data" / "file") >> text;
  CHECK(text == "1");
  CHECK(bed.repository.sets().value().front().marks.restored->bytes == 1);
  CHECK(open_journals(bed.repository).value().empty());
}

TEST_CASE("the goals are judged by the last good set") {
  Bed bed;
  bed.create("2026-11-24T02:00:00Z");
  Listing listing{.repository = bed.repository.path(),
                  .sets = bed.repository.sets().value(),
                  .restores = {},
                  .goals = {},
                  .now = parse_time("2026-11-25T01:00:00Z").value()};
  CHECK(list_json(listing)["rpo"]["met"] == true);
  CHECK(list_text(listing, false).starts_with("RPO  the last good set is 23 h old, within 1 d\n"));
  listing.now = parse_time("2026-11-25T03:00:00Z").value();
  CHECK(list_json(listing)["rpo"]["met"] == false);
  CHECK(list_text(listing, false).find("more than 1 d") != std::string::npos);
  listing.sets.front().manifest.status = Status::partial;
  CHECK(list_text(listing, false).starts_with("RPO  no set is complete and verified\n"));
}
