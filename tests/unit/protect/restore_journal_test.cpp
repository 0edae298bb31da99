// SPDX-License-Identifier: Apache-2.0
// The journal of a stack's restore: what is written is read, and nothing else is.
#include "lib/protect/restore_journal.hpp"

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.hpp"

using namespace obsctl;
using namespace obsctl::protect;

namespace {

RestoreJournal sample() {
  return {.repository = "/backup/shop",
          .set = "20261126T020000Z-abc123",
          .safety = "20261126T030000Z-def456",
          .started = *parse_time("2026-11-26T03:00:00Z"),
          .rows = {{.name = "loki-data",
                    .volume = {.name = "shop_loki-data",
                               .driver = "local",
                               .scope = "local",
                               .options = {{"o", "size=1g"}},
                               .labels = {{"com.docker.compose.project", "shop"}}},
                    .done = true},
                   {.name = "grafana-data",
                    .volume = {.name = "shop_grafana-data", .driver = "local", .scope = "local"},
                    .done = false}}};
}

}  // namespace

TEST_CASE("a journal is kept in the stack's directory, closed to others, and removed at the end") {
  const test::TemporaryDirectory directory;
  OsFileSystem files;
  const auto none = read_restore_journal(files, directory.path());
  REQUIRE(none);
  CHECK_FALSE(*none);
  REQUIRE(write_restore_journal(files, directory.path(), sample()));
  CHECK(files.mode(directory.path() / k_restore_journal) == FileMode{0600});
  const auto read = read_restore_journal(files, directory.path());
  REQUIRE((read && *read));
  CHECK(**read == sample());
  REQUIRE(close_restore_journal(files, directory.path()));
  CHECK_FALSE(*read_restore_journal(files, directory.path()));
}

TEST_CASE("a journal is read strictly") {
  std::string text = print_restore_journal(sample());
  CHECK(*parse_restore_journal(text, "j") == sample());
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"stack-restore/v1", "stack-restore/v2"},
                                                        {"\"done\": true", "\"done\": 1"},
                                                        {"2026-11-26T03:00:00Z", "soon"},
                                                        {"\"size=1g\"", "7"}}) {
    CAPTURE(to);
    std::string wrong = text;
    wrong.replace(wrong.find(from), from.size(), to);
    const auto parsed = parse_restore_journal(wrong, "restore.json");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Code::integrity);
  }
  CHECK_FALSE(parse_restore_journal(text.substr(0, text.size() / 2), "j"));
}
