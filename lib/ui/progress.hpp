// SPDX-License-Identifier: Apache-2.0
// How far long work has come, on stderr: a line that rewrites itself on a terminal, a line now and
// then in a log.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "lib/base/units.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/terminal.hpp"

namespace obsctl {

// Where progress is shown. Gone from a terminal when the object goes.
class ProgressLine {
 public:
  // Nothing is ever shown when `quiet`.
  ProgressLine(Terminal& terminal, const Clock& clock, bool quiet);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Shows what `text` says, one line, if it is time: at most every 0.1 s on a terminal, every 10 s
  // elsewhere. Cheap to call when it is not.
  void show(const std::function<std::string()>& text);
  // Makes room for other output.
  void clear();

 private:
  Terminal& terminal_;
  const Clock& clock_;
  bool quiet_;
  bool rewrites_;
  bool dirty_ = false;
  std::chrono::steady_clock::time_point next_;
};

enum class ProgressUnit { bytes, items };

// "copying prometheus  1.2 GB of 4.8 GB  25 %  300 MB/s  12 s left": the rate since the start, and
// what it leaves to wait when the total is known.
[[nodiscard]] std::string progress_text(const std::string& doing, ProgressUnit unit, double done,
                                        std::optional<double> total, Duration elapsed);

// Counts bytes or items of one piece of work and shows them.
class Progress {
 public:
  // `doing` as in progress_text(). `line` and `clock` outlive it.
  Progress(ProgressLine& line, const Clock& clock, std::string doing, ProgressUnit unit,
           std::optional<double> total = {});

  void add(double amount);

 private:
  ProgressLine& line_;
  const Clock& clock_;
  std::string doing_;
  ProgressUnit unit_;
  std::optional<double> total_;
  double done_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace obsctl
