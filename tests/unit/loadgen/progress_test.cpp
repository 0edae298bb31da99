// SPDX-License-Identifier: Apache-2.0
// The progress line: a steady rate is shown as one, although requests come in batches.
#include "lib/loadgen/progress.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

using namespace obsctl::loadgen;

TEST_CASE("a steady rate is shown as one, although requests come in batches") {
  ProgressText text;
  Live live;
  for (int tick = 1; tick <= 60; ++tick) {
    const double seconds = tick * 0.2;
    // 1,000 items/s in batches of 300.
    live.sent = static_cast<std::uint64_t>(std::ceil(seconds * 1000 / 300) * 300);
    const std::string line = text.line(seconds, 12, live);
    CAPTURE(line);
    if (seconds < 1.1) {
      CHECK(line.find("starting") != std::string::npos);
      continue;
    }
    const auto at = line.find(" s  ") + 4;
    const double shown =
        std::stod(line.substr(at)) * (line.find("k items/s") != std::string::npos ? 1000 : 1);
    CHECK(shown >= 700);
    CHECK(shown <= 1300);
  }
  live.sent = 0;
  CHECK(text.line(0.2, 12, live).find("starting") != std::string::npos);  // the next run
}
