// SPDX-License-Identifier: Apache-2.0
// Times as text, both ways.
#include "lib/base/time.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

TEST_CASE("a time is printed in UTC and read back") {
  const auto time = parse_time("2026-11-26T02:54:04Z");
  REQUIRE(time);
  CHECK(print_time(*time) == "2026-11-26T02:54:04Z");
  CHECK(time->time_since_epoch() == std::chrono::seconds(1795661644));
}

TEST_CASE("nothing else is a time") {
  for (const char* text : {"", "2026-11-26", "2026-11-26T02:54:04", "2026-11-26T02:54:04+01:00",
                           "2026-02-31T00:00:00Z", "2026-11-26T02:54:04Z ", "2026-1-2T02:54:04Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text));
  }
  CHECK_FALSE(parse_time("6026-11-26T02:54:04Z"));  // more than the clock counts
  CHECK_FALSE(parse_time("0026-11-26T02:54:04Z"));
}
