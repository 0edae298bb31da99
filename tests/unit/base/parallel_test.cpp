// SPDX-License-Identifier: Apache-2.0
// Every piece is done exactly once.
#include "lib/base/parallel.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <new>
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

TEST_CASE("what a piece throws reaches the caller, when no piece is at work any more") {
  for (const std::size_t bad : {0, 1, 500, 999}) {
    std::atomic<int> running = 0;
    const auto work = [&](std::size_t i) {
      ++running;
      const bool out_of_memory = i == bad;
      --running;
      if (out_of_memory) {
        throw std::bad_alloc();
      }
    };
    CHECK_THROWS_AS(parallel_for(1000, work), std::bad_alloc);
    CHECK(running == 0);
  }
}
