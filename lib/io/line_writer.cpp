// SPDX-License-Identifier: Apache-2.0
// The queue and its thread.
#include "lib/io/line_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "lib/io/stream.hpp"

namespace obsctl {

struct LineWriter::State {
  struct Line {
    std::string text;
    bool counted;
  };
  const int fd;
  const std::size_t capacity;
  std::mutex mutex = {};
  std::condition_variable changed = {};
  std::deque<Line> queue = {};  // the front is being written
  std::size_t bytes = 0;        // in the queue
  std::uint64_t dropped = 0;    // counted ones
  std::uint64_t progress = 0;   // pieces written
  int error = 0;
  bool ended = false;

  void push(Line line, bool always) {
    const std::lock_guard lock(mutex);
    const bool full = !queue.empty() && bytes + line.text.size() > capacity;
    if (error != 0 || (full && !always)) {
      dropped += line.counted ? 1 : 0;
      return;
    }
    bytes += line.text.size();
    queue.push_back(std::move(line));
    changed.notify_all();
  }
  [[nodiscard]] std::uint64_t waiting() const {
    return static_cast<std::uint64_t>(std::ranges::count_if(queue, &Line::counted));
  }

  // The errno of a failed write, or 0. Blocks outside the lock.
  int write_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::write(fd, text.data(), std::min(text.size(), k_chunk));
      if (count >= 0) {
        text.remove_prefix(static_cast<std::size_t>(count));
        const std::lock_guard lock(mutex);
        ++progress;
        changed.notify_all();
      } else if (errno == EAGAIN) {  // whoever shares the descriptor has made it non-blocking
        pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
        ::poll(&ready, 1, -1);
      } else if (errno != EINTR) {
        return errno;
      }
    }
    return 0;
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return !queue.empty() || ended; });
      if (queue.empty()) {
        return;
      }
      const std::string& line =
          queue.front().text;  // a deque keeps it in place while others are added
      lock.unlock();
      const int failed = write_all(line);
      lock.lock();
      error = failed;
      if (failed == 0) {
        bytes -= queue.front().text.size();
        queue.pop_front();
      } else {
        dropped += waiting();
        queue.clear();
        bytes = 0;
      }
      changed.notify_all();
      if (ended || failed != 0) {
        return;
      }
    }
  }
};

LineWriter::LineWriter(int fd, std::size_t capacity)
    : state_(std::make_shared<State>(fd, capacity)) {
  std::thread([state = state_] { state->run(); }).detach();
}

LineWriter::~LineWriter() {
  const std::lock_guard lock(state_->mutex);
  state_->ended = true;
  state_->changed.notify_all();
}

void LineWriter::offer(std::string line) {
  state_->push({std::move(line), false}, false);
}

void LineWriter::offer_counted(std::string line) {
  state_->push({std::move(line), true}, false);
}

void LineWriter::insist(std::string line) {
  state_->push({std::move(line), false}, true);
}

bool LineWriter::drain(std::chrono::milliseconds patience, const std::function<bool()>& hurry) {
  constexpr std::chrono::milliseconds k_slice{20};  // a signal reaches any thread: look at the flag
  std::unique_lock lock(state_->mutex);
  std::uint64_t seen = state_->progress;
  auto until = std::chrono::steady_clock::now() + patience;
  while (!state_->queue.empty() && !hurry()) {
    state_->changed.wait_for(lock, k_slice);
    const auto now = std::chrono::steady_clock::now();
    if (state_->progress != seen) {
      seen = state_->progress;
      until = now + patience;
    } else if (now >= until) {
      break;
    }
  }
  return state_->queue.empty() && state_->error == 0;
}

std::uint64_t LineWriter::missing() const {
  const std::lock_guard lock(state_->mutex);
  return state_->dropped + state_->waiting();
}

int LineWriter::error() const {
  const std::lock_guard lock(state_->mutex);
  return state_->error;
}

}  // namespace obsctl
