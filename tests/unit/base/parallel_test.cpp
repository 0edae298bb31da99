// SPDX-License-Identifier: Apache-2.0
// Every piece is done exactly once.
#include "lib/base/parallel.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <vector>

using namespace obsctl;

TEST_CASE("each index is visited once, whatever the count") {
  for (const std::size_t count : {0, 1, 2, 1000}) {
    std::vector<std::atomic<int>> visits(count);
    parallel_for(count, [&visits](std::size_t i) { ++visits[i]; });
    for (const auto& visit : visits) {
      CHECK(visit == 1);
    }
  }
}
