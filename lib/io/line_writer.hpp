// SPDX-License-Identifier: Apache-2.0
// Lines for a reader that may be slow or gone: whoever has a line never waits for who reads it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace obsctl {

// A bounded queue and a thread that writes it to a descriptor. Any thread may offer lines.
class LineWriter {
 public:
  // The descriptor stays the caller's and stays open. `capacity`: bytes that may wait; a line is
  // also taken when nothing else waits.
  LineWriter(int fd, std::size_t capacity);
  // Leaves a write that blocks behind: it ends with the program.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Never waits. The line is dropped when the queue is full or a write has failed.
  void offer(std::string line);
  // The same for a line whose loss is counted.
  void offer_counted(std::string line);
  // A last line, which is queued whatever waits before it.
  void insist(std::string line);

  // Waits until everything is written: as long as bytes flow at least once in `patience`, and
  // `hurry` does not ask for the end. False when something is left or was lost to a failed write.
  bool drain(std::chrono::milliseconds patience, const std::function<bool()>& hurry);

  // Counted lines that were dropped or still wait.
  [[nodiscard]] std::uint64_t missing() const;
  // errno of the write that failed; 0 when none has.
  [[nodiscard]] int error() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which may outlive this
};

}  // namespace obsctl
