// SPDX-License-Identifier: Apache-2.0
// The journal of a restore comes back as it was written; one that leads elsewhere is refused.
#include "lib/backup/journal.hpp"

#include <doctest/doctest.h>

using namespace obsctl;
using namespace obsctl::backup;

namespace {

Journal sample() {
  return {.id = "20261121T020000Z-aaaaaa",
          .set = "20261120T020000Z-6f3a1c",
          .started = parse_time("2026-11-21T02:00:00Z").value(),
          .target = "/srv/out",
          .phase = Phase::moving,
          .volumes = {{"prom", true, 12345678901234567890U}, {"graf", false, 2}}};
}

std::string replaced(std::string_view from, std::string_view to) {
  std::string out = print_journal(sample());
  const auto at = out.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return out.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a journal comes back as it was written") {
  CHECK(parse_journal(print_journal(sample()), "restore-x.json").value() == sample());
  CHECK(sample().work() == ".restore-20261121T020000Z-aaaaaa");
  CHECK(sample().safety_copy("prom") == "prom.before-20261121T020000Z-aaaaaa");
}

TEST_CASE("a journal that names something else than volumes below a directory is refused") {
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[1]"), replaced("\"prom\"", "\"../prom\""),
        replaced("\"/srv/out\"", "\"srv/out\""), replaced("20261121T020000Z-aaaaaa", "../../etc"),
        replaced("20261120T020000Z-6f3a1c", "latest"), replaced("moving", "done"),
        replaced("restore/v1", "restore/v2"), replaced("true", "1"),
        replaced("2026-11-21T02:00:00Z", "yesterday")}) {
    const auto parsed = parse_journal(text, "restore-x.json");
    REQUIRE_MESSAGE(!parsed, text);
    CHECK(parsed.error().code == Code::integrity);
    CHECK(parsed.error().at->file == "restore-x.json");
  }
}
