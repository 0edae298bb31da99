// SPDX-License-Identifier: Apache-2.0
// How the rate of a run moves in time, as a function that says when the n-th item is due.
//
// The schedule is computed, never accumulated: the due time of an item depends on its number alone,
// so rounding cannot drift, a late send is not forgotten, and shards can share one schedule without
// talking.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/error.hpp"

namespace obsctl::loadgen {

// Times are seconds since the start of the run, rates are items per second.
class Profile {
 public:
  enum class Kind { constant, ramp, step, spike, sine };

  // `rate` items/s for `duration` seconds; `shape` is one of
  //   constant                 the rate throughout
  //   ramp[:FROM%]             from FROM (default 0) to the rate, evenly over the run
  //   step[:N]                 N equal steps (default 5) up to the rate
  //   spike[:Fx@START+LENGTH]  F times the rate for LENGTH from START (default 10x in the
  //                            middle fifth)
  //   sine[:AMPLITUDE/PERIOD]  the rate ± AMPLITUDE (default 50%), one wave per PERIOD
  //                            (default the run)
  // Errors are usage errors that name `what`.
  [[nodiscard]] static Result<Profile> parse(std::string_view shape, double rate, double duration,
                                             std::string_view what);
  [[nodiscard]] static Profile constant(double rate);

  [[nodiscard]] double rate_at(double seconds) const;
  // Items due before `seconds` (the integral of the rate); monotonic.
  [[nodiscard]] double due_by(double seconds) const;
  // When item number `items` (from 0, may be fractional) is due: the inverse of due_by.
  [[nodiscard]] double time_of(double items) const;
  // Items of the whole run.
  [[nodiscard]] double total() const { return due_by(duration_); }
  // The highest rate that the profile reaches.
  [[nodiscard]] double peak() const;

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] double bisect(double items) const;

  Kind kind_ = Kind::constant;
  double rate_ = 0;
  double duration_ = 0;
  double from_ = 0;    // ramp: rate at the start; spike: factor; sine: amplitude as a share
  double start_ = 0;   // spike
  double length_ = 0;  // spike: length; sine: period
  int steps_ = 5;      // step
  std::string text_ = "constant";
};

}  // namespace obsctl::loadgen
