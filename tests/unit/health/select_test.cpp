// SPDX-License-Identifier: Apache-2.0
// A selection keeps what it names and what that needs.
#include <doctest/doctest.h>

#include <algorithm>

#include "lib/health/run.hpp"
#include "tests/unit/health/report_sample.hpp"

using namespace obsctl;
using namespace obsctl::health;
using namespace obsctl::test;

namespace {

Check row(std::string id, catalog::HealthCategory category, std::string component,
          std::vector<std::string> needs = {}) {
  Check out;
  out.row.id = std::move(id);
  out.row.category = category;
  out.row.component = std::move(component);
  out.row.needs = std::move(needs);
  return out;
}

Subject subject() {
  using enum catalog::HealthCategory;
  static const OsFileSystem files;
  auto templates = stack::load_templates(files, Environment{}, {}, {});
  REQUIRE(templates);
  auto stack = stack::assemble({}, StackSpec{}, std::move(*templates));
  REQUIRE(stack);
  Subject out{.stack = std::move(*stack), .given = {}, .checks = {}};
  out.checks = {row("ENG-1", engine, ""), row("SVC-1", services, "a", {"ENG-1"}),
                row("SVC-1", services, "b", {"ENG-1"}), row("DEL-1", delivery, "a", {"SVC-1"}),
                row("STO-1", stores, "b", {"SVC-1"})};
  return out;
}

std::vector<std::string> left(const Selection& selection) {
  Subject all = subject();
  REQUIRE(select(all, selection));
  std::vector<std::string> out;
  for (const Check& check : all.checks) {
    out.push_back(check.row.id + (check.row.component.empty() ? "" : " ") + check.row.component);
  }
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("ids, categories and components select, and needs follow") {
  CHECK(left({}).size() == 5);
  CHECK(left({.only = {"del-1"}}) == Names{"ENG-1", "SVC-1 a", "DEL-1 a"});
  CHECK(left({.only = {"stores"}}) == Names{"ENG-1", "SVC-1 b", "STO-1 b"});
  CHECK(left({.only = {"a"}}) == Names{"ENG-1", "SVC-1 a", "DEL-1 a"});
  CHECK(left({.only = {"a"}, .skip = {"delivery"}}) == Names{"ENG-1", "SVC-1 a"});
  CHECK(left({.skip = {"SVC-1", "DEL-1"}}) == Names{"ENG-1", "SVC-1 b", "STO-1 b"});
}

TEST_CASE("a name that no check has is a mistake, with the nearest one") {
  for (const Selection& wrong : {Selection{.only = {"delivry"}}, Selection{.skip = {"delivry"}}}) {
    Subject all = subject();
    const auto done = select(all, wrong);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Code::usage);
    CHECK(done.error().message == "no check has the name 'delivry'");
    CHECK(done.error().hint == "did you mean 'delivery'?");
  }
  Subject all = subject();
  CHECK_FALSE(select(all, {.only = {""}}));
  CHECK_FALSE(select(all, {.only = {"engine"}, .skip = {"ENG-1"}}));
}

TEST_CASE("what was only needed is reported when it fails") {
  Report report = report_of({well("SVC-1"), failed("SVC-2", Severity::error, "down"),
                             unjudged("SVC-3", Status::unknown, "no answer"), well("DEL-1")});
  keep_selected(report, {.only = {"DEL-1"}});
  std::vector<std::string> ids;
  for (const auto& result : report.results) {
    ids.push_back(result.id);
  }
  CHECK(ids == Names{"SVC-2", "SVC-3", "DEL-1"});
}
