// SPDX-License-Identifier: Apache-2.0
// A counter that threads draw from; the calling thread works too.
#include "lib/base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace obsctl {

void parallel_for(std::size_t count, const std::function<void(std::size_t)>& work) {
  constexpr std::size_t k_max_threads = 8;
  std::atomic<std::size_t> next = 0;
  std::exception_ptr thrown;
  std::once_flag first;
  const auto draw = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) {
        work(i);
      }
    } catch (...) {  // would end the process if it left a thread
      std::call_once(first, [&thrown] { thrown = std::current_exception(); });
      next = count;
    }
  };
  const std::size_t threads = std::min(
      {static_cast<std::size_t>(std::thread::hardware_concurrency()), k_max_threads, count});
  std::vector<std::jthread> helpers;
  try {
    for (std::size_t i = 1; i < threads; ++i) {
      helpers.emplace_back(draw);
    }
  } catch (const std::system_error&) {  // no more threads to be had: the others do the work
  }
  draw();
  helpers.clear();  // waits for them
  if (thrown) {
    std::rethrow_exception(thrown);
  }
}

}  // namespace obsctl
