// SPDX-License-Identifier: Apache-2.0
// The example of docs/health.md is a check that can be judged.
#include <doctest/doctest.h>

#include "lib/checks/judge.hpp"
#include "lib/io/filesystem.hpp"

using namespace obsctl;
using namespace obsctl::health;

namespace {

std::string example() {
  const auto page = OsFileSystem().read(OBSCTL_SOURCE_DIR "/docs/health.md");
  REQUIRE(page);
  const std::string open = "```yaml\n";
  const auto start = page->find(open);
  REQUIRE(start != std::string::npos);
  const auto end = page->find("```", start + open.size());
  return page->substr(start + open.size(), end - start - open.size());
}

Sample sample(std::string name, double value) {
  return {.name = std::move(name), .labels = {{"route", "eu"}}, .value = value};
}

}  // namespace

TEST_CASE("the example of the document finds what it says") {
  auto rows = catalog::parse_health_checks({example(), "docs/health.md"}, "gateway");
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  // The checks that it names are not on the page.
  rows->front().needs.clear();
  rows->front().explained_by.clear();
  const auto checks = compile(*rows);
  REQUIRE(checks);

  Reading reading{.component = "gateway", .source = Source::metrics, .from = "a", .samples = {}};
  reading.seconds = 10;
  reading.before = {sample("gateway_accepted", 0), sample("gateway_queue", 100),
                    sample("gateway_queue_limit", 1000)};
  reading.samples = {sample("gateway_accepted", 500), sample("gateway_queue", 600),
                     sample("gateway_queue_limit", 1000)};
  const auto results = judge(*checks, {.at = {}, .readings = {reading}});
  REQUIRE(results.size() == 1);
  CHECK(results[0].status == Status::error);
  REQUIRE(results[0].problems.size() == 1);
  CHECK(results[0].problems[0].message == "route eu sends nothing; its queue is full in 8 s");
  CHECK(results[0].problems[0].seconds_to_loss == 8);
}
