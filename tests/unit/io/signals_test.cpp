// SPDX-License-Identifier: Apache-2.0
// Stop requests by real signals, and waiting that they end.
#include "lib/io/signals.hpp"

#include <doctest/doctest.h>

#include "lib/io/clock.hpp"
#include "tests/support/fake_clock.hpp"

using namespace obsctl;

TEST_CASE("the first signal asks for an orderly end, the second for one at once") {
  StopFlag stop;
  {
    const StopSignals signals(stop);
    CHECK(stop.level() == StopLevel::none);
    std::raise(SIGINT);
    CHECK(stop.level() == StopLevel::finish);
    CHECK(stop.exit_code() == exit_code::interrupted);
    std::raise(SIGTERM);
    CHECK(stop.level() == StopLevel::now);
    std::raise(SIGTERM);
    CHECK(stop.level() == StopLevel::now);
  }
  CHECK(stop.exit_code() == exit_code::terminated);
  const Error error = stop.failure("the backup").value();
  CHECK(error.message == "the backup was terminated");
  CHECK(exit_code_of(error.code) == 143);
}

TEST_CASE("a terminal that closes ends as SIGTERM does, unless hanging up is ignored") {
  StopFlag stop;
  {
    const StopSignals signals(stop);
    std::raise(SIGHUP);
  }
  CHECK(stop.level() == StopLevel::finish);
  CHECK(stop.exit_code() == exit_code::terminated);
  StopFlag ignoring;
  std::signal(SIGHUP, SIG_IGN);  // as nohup does
  {
    const StopSignals signals(ignoring);
    std::raise(SIGHUP);
  }
  std::signal(SIGHUP, SIG_DFL);
  CHECK(ignoring.level() == StopLevel::none);
}

TEST_CASE("handlers are restored, so that a second command can have its own") {
  struct sigaction before = {};
  sigaction(SIGTERM, nullptr, &before);
  StopFlag first;
  StopFlag second;
  { const StopSignals signals(first); }
  {
    const StopSignals signals(second);
    std::raise(SIGTERM);
  }
  struct sigaction after = {};
  sigaction(SIGTERM, nullptr, &after);
  CHECK((after.sa_handler == before.sa_handler));
  CHECK(first.level() == StopLevel::none);
  CHECK(second.level() == StopLevel::finish);
}

TEST_CASE("sleep returns when the time has passed or the awaited level is reached") {
  OsClock real;
  Clock& clock = real;
  StopFlag stop;
  const auto start = clock.monotonic();
  CHECK(clock.sleep({0.01}, stop));
  CHECK(clock.since(start).seconds >= 0.01);
  stop.request();
  CHECK_FALSE(clock.sleep({3600}, stop));
  CHECK(clock.sleep({0.01}, stop, StopLevel::now));  // one request does not end this one
  stop.request();
  CHECK_FALSE(clock.sleep({3600}, stop, StopLevel::now));
}

TEST_CASE("a fake clock passes only while somebody waits, and a stop may come meanwhile") {
  test::FakeClock fake;
  Clock& clock = fake;
  StopFlag stop;
  const auto start = clock.monotonic();
  const auto day = clock.now();
  CHECK(clock.sleep({3600}, stop));
  CHECK(clock.since(start).seconds == doctest::Approx(3600));
  CHECK(clock.now() - day == std::chrono::hours(1));
  fake.on_sleep = [&stop] { stop.request(SIGTERM); };
  CHECK_FALSE(clock.sleep({1}, stop));
}
