// SPDX-License-Identifier: Apache-2.0
// Waiting ends with health or with the time, watching with a signal.
#include "lib/health/wait.hpp"

#include <doctest/doctest.h>

#include "tests/support/fake_clock.hpp"
#include "tests/unit/health/report_sample.hpp"

using namespace obsctl;
using namespace obsctl::health;
using namespace obsctl::test;

namespace {

const Report k_bad = report_of({failed("A-1", Severity::error, "not yet")});
const Report k_good = report_of({well("A-1")});

struct Waited {
  FakeClock clock;
  StopFlag stop;
  int runs = 0;
  std::vector<std::string> said;

  // Well from the run with this number on; each takes 3 s.
  Result<Report> until(int well_from, Duration limit) {
    return wait_until_well(
        clock, stop, {.limit = limit},
        [&]() -> Result<Report> {
          clock.pass({3});
          return ++runs >= well_from ? k_good : k_bad;
        },
        [&](const std::string& line) { said.push_back(line); });
  }
};

}  // namespace

TEST_CASE("waiting ends as soon as nothing fails, and says a state once") {
  Waited waited;
  const auto report = waited.until(4, {120});
  REQUIRE(report);
  CHECK(verdict_of(*report) == Verdict::ok);
  CHECK(waited.runs == 4);
  CHECK(waited.said == std::vector<std::string>{"waiting for A-1 receiver"});
}

TEST_CASE("waiting ends with the last report when the time is over") {
  Waited waited;
  const auto report = waited.until(1000, {10});
  REQUIRE(report);
  CHECK(verdict_of(*report) == Verdict::error);
  CHECK(waited.runs == 3);
}

TEST_CASE("waiting that is interrupted is an error") {
  Waited waited;
  waited.clock.on_sleep = [&] { waited.stop.request(); };
  const auto report = waited.until(1000, {10});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Code::interrupted);
}

TEST_CASE("watching shows each report until it is stopped") {
  FakeClock clock;
  StopFlag stop;
  int shown = 0;
  clock.on_sleep = [&] {
    if (shown == 3) {
      stop.request();
    }
  };
  const auto done = watch(
      clock, stop, {5}, []() -> Result<Report> { return k_bad; }, [&](const Report&) { ++shown; });
  CHECK(done);
  CHECK(shown == 3);
}

TEST_CASE("a run that the signal ends is not shown, and one that fails ends watching") {
  FakeClock clock;
  StopFlag stop;
  const auto never = [](const Report&) { FAIL("nothing to show"); };
  CHECK(watch(
      clock, stop, {5},
      [&]() -> Result<Report> {
        stop.request();
        return stop.failure("the check");
      },
      never));
  StopFlag going;
  const auto failed_run = watch(
      clock, going, {5}, []() -> Result<Report> { return fail(Code::io, "broken"); }, never);
  CHECK_FALSE(failed_run);
}

TEST_CASE("appended lines repeat the problems only when they are others") {
  Appended log;
  Report report = k_bad;
  CHECK(log.lines(report) ==
        "2023-11-14T22:13:20Z shop: 1 error in 1 check (2.9 s)\nerror: A-1 receiver: not yet\n");
  report.results[0].problems[0].message = "not yet, in 12 s";
  CHECK(log.lines(report) == "2023-11-14T22:13:20Z shop: 1 error in 1 check (2.9 s)\n");
  CHECK(log.lines(k_good) == "2023-11-14T22:13:20Z healthy: 1 check of 1 component in 2.9 s\n");
}

TEST_CASE("a redrawn screen leaves nothing of the last one") {
  CHECK(redrawn("a\nb\n") == "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
}
