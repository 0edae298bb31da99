// SPDX-License-Identifier: Apache-2.0
// The policies of retention as a table: which sets stay, which go, and why.
#include "lib/backup/retention.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace obsctl;
using namespace obsctl::backup;

namespace {

Time at(std::string_view text) {
  return parse_time(text).value();
}

RetentionPolicy policy(std::string_view text) {
  return parse_policy(text, "--retain").value();
}

// Sets in the order in which they were made, all good.
std::vector<RetentionSet> made(const std::vector<std::pair<std::string, std::string_view>>& sets) {
  std::vector<RetentionSet> out;
  for (const auto& [id, time] : sets) {
    out.push_back({.id = id, .group = "g", .sequence = out.size() + 1, .at = at(time)});
  }
  return out;
}

RetentionSet& named(std::vector<RetentionSet>& sets, const std::string& id) {
  return *std::ranges::find(sets, id, &RetentionSet::id);
}

// The names of those that go, oldest first.
std::string removed(std::string_view rules, const std::vector<RetentionSet>& sets,
                    std::string_view now = "2026-11-25T12:00:00Z") {
  std::string out;
  for (const Verdict& verdict : apply_policy(policy(rules), sets, at(now))) {
    CHECK_FALSE(verdict.reason.empty());
    out = verdict.keep ? out : verdict.id + (out.empty() ? "" : " ") + out;
  }
  return out;
}

std::string reason(std::string_view rules, const std::vector<RetentionSet>& sets,
                   const std::string& id) {
  for (const Verdict& verdict : apply_policy(policy(rules), sets, at("2026-11-25T12:00:00Z"))) {
    if (verdict.id == id) {
      return verdict.reason;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("rules are joined: a set that one of them keeps stays") {
  const auto sets = made({{"s21", "2026-11-21T02:00:00Z"},
                          {"s22", "2026-11-22T02:00:00Z"},
                          {"s23", "2026-11-23T02:00:00Z"},
                          {"s24a", "2026-11-24T02:00:00Z"},
                          {"s24b", "2026-11-24T14:00:00Z"},
                          {"s25", "2026-11-25T02:00:00Z"}});
  CHECK(removed("daily=3,weekly=2", sets) == "s21 s24a");
  CHECK(reason("daily=3,weekly=2", sets, "s25") == "daily 2026-11-25, weekly 2026-W48");
  CHECK(reason("daily=3,weekly=2", sets, "s22") == "weekly 2026-W47");
  CHECK(reason("daily=3,weekly=2", sets, "s24a") == "no rule keeps it");
  CHECK(removed("last=2", sets) == "s21 s22 s23 s24a");
  CHECK(removed("monthly=1", sets) == "s21 s22 s23 s24a s24b");
  CHECK(removed("within=36h", sets) == "s21 s22 s23");
  CHECK(removed("last=100", sets).empty());
}

TEST_CASE("partial, unverified and unreadable sets take no place and are not removed") {
  auto sets = made({{"b", "2026-11-22T02:00:00Z"},
                    {"a", "2026-11-23T02:00:00Z"},
                    {"p", "2026-11-24T02:00:00Z"},
                    {"u", "2026-11-24T03:00:00Z"}});
  named(sets, "p").complete = false;
  named(sets, "u").verified = false;
  sets.push_back({.id = "x", .readable = false});
  CHECK(removed("last=1", sets) == "b");
  for (const char* id : {"p", "u", "x"}) {
    CHECK(reason("last=1", sets, id).find("no policy removes it") != std::string::npos);
  }
}

TEST_CASE("fifteen failed nights do not remove the last good set") {
  auto sets = made({{"g1", "2026-11-09T02:00:00Z"}});
  for (int day = 10; day < 25; ++day) {
    RetentionSet failed = sets.front();
    failed.id = "f" + std::to_string(day);
    failed.sequence = static_cast<std::uint64_t>(day);
    failed.at = sets.front().at + std::chrono::hours(24 * (day - 9));
    failed.complete = false;
    sets.push_back(failed);
  }
  CHECK(removed("last=7", sets).empty());
  CHECK(removed("within=1h", sets).empty());
  CHECK(reason("within=1h", sets, "g1") == "the last one that is complete and verified");
}

TEST_CASE("pinned sets stay and take their place like others; a restore keeps its set") {
  auto sets = made({{"d", "2026-11-22T02:00:00Z"},
                    {"c", "2026-11-23T02:00:00Z"},
                    {"b", "2026-11-24T02:00:00Z"},
                    {"a", "2026-11-25T02:00:00Z"}});
  named(sets, "b").pinned = true;
  named(sets, "c").restoring = true;
  CHECK(removed("last=1", sets) == "d");
  CHECK(reason("last=1", sets, "b") == "pinned");
  CHECK(reason("last=1", sets, "c") == "an open restore needs it");
}

TEST_CASE("the order of the sets decides, not the clock") {
  // Before the third set the clock was set back a day.
  const auto sets = made({{"first", "2026-11-24T10:00:00Z"},
                          {"second", "2026-11-24T11:00:00Z"},
                          {"back", "2026-11-23T11:00:00Z"},
                          {"again", "2026-11-23T12:00:00Z"}});
  CHECK(removed("last=1", sets) == "first second back");
  CHECK(removed("daily=2", sets) == "first back");
}

TEST_CASE("a day that comes again after the clock was set back is one day") {
  const auto sets = made({{"a", "2026-11-23T10:00:00Z"},
                          {"b", "2026-11-24T10:00:00Z"},
                          {"c", "2026-11-23T11:00:00Z"},
                          {"d", "2026-11-24T11:00:00Z"}});
  CHECK(removed("daily=9", sets) == "a b");
}

TEST_CASE("sets from the future are kept and take no place") {
  const auto sets = made({{"a", "2026-11-24T02:00:00Z"},
                          {"b", "2026-11-25T02:00:00Z"},
                          {"future", "2031-01-01T00:00:00Z"}});
  CHECK(removed("last=1", sets) == "a");
  CHECK(reason("last=1", sets, "future") == "dated in the future");
  const auto soon = made({{"a", "2026-11-25T02:00:00Z"}, {"b", "2026-11-25T12:01:00Z"}});
  CHECK_MESSAGE(removed("last=1", soon) == "a",
                "clocks that differ by a minute are not the future");
}

TEST_CASE("days are those of UTC, also when a zone changes its clocks") {
  // 25 October 2026 has 25 hours in Berlin, 29 March 23: there both pairs are of one night.
  CHECK(removed("daily=1", made({{"a", "2026-10-24T22:30:00Z"}, {"b", "2026-10-25T22:30:00Z"}}),
                "2026-10-26T12:00:00Z") == "a");
  CHECK(removed("daily=2",
                made({{"a", "2026-10-25T00:30:00Z"},
                      {"b", "2026-10-25T01:30:00Z"},
                      {"c", "2026-10-26T01:30:00Z"}}),
                "2026-10-26T12:00:00Z") == "a");
  CHECK(removed("daily=2", made({{"a", "2026-03-28T23:30:00Z"}, {"b", "2026-03-29T01:30:00Z"}}),
                "2026-03-29T12:00:00Z")
            .empty());
}

TEST_CASE("weeks are ISO weeks across the turn of the year") {
  const auto sets = made({{"sun", "2026-12-27T02:00:00Z"},
                          {"mon", "2026-12-28T02:00:00Z"},
                          {"new", "2027-01-03T02:00:00Z"},
                          {"next", "2027-01-04T02:00:00Z"}});
  CHECK(removed("weekly=9", sets, "2027-01-05T00:00:00Z") == "mon");
  CHECK(removed("yearly=9", sets, "2027-01-05T00:00:00Z") == "sun new");
}

TEST_CASE("other volumes are another group, each with its own last set") {
  auto sets = made({{"a1", "2026-11-22T02:00:00Z"},
                    {"b1", "2026-11-23T02:00:00Z"},
                    {"a2", "2026-11-24T02:00:00Z"},
                    {"a3", "2026-11-25T02:00:00Z"}});
  named(sets, "b1").group = "other";
  CHECK(removed("last=1", sets) == "a1 a2");
}

TEST_CASE("no sets, no verdicts") {
  CHECK(apply_policy(policy("last=1"), {}, at("2026-11-25T12:00:00Z")).empty());
}

TEST_CASE("a policy is printed as it is read") {
  for (const char* text :
       {"last=7", "last=7,daily=14,weekly=8,monthly=12", "hourly=24,yearly=1,within=30d"}) {
    CHECK(print_policy(policy(text)) == text);
  }
}

TEST_CASE("a policy that is wrong or keeps nothing is refused") {
  for (const char* text : {"", "last=0", "last=0,daily=0", "within=0s", "last", "last=", "last=-1",
                           "last=x", "last=1,last=2", "days=3", "last=1,", "last=1.5",
                           "last=99999999999999999999", "within=30", "last=1;daily=2"}) {
    const auto parsed = parse_policy(text, "--retain");
    REQUIRE_MESSAGE(!parsed, text);
    CHECK(parsed.error().code == Code::usage);
    CHECK_FALSE(parsed.error().message.empty());
  }
}
