// SPDX-License-Identifier: Apache-2.0
// Words for a run's live numbers.
#include "lib/loadgen/progress.hpp"

#include <fmt/format.h>

#include "lib/base/units.hpp"

namespace obsctl::loadgen {
namespace {

constexpr double k_window = 5;  // seconds that the rate is over …
constexpr double k_least = 1;   // … and that it takes to tell one

}  // namespace

std::string ProgressText::line(double seconds, double duration, const Live& live) {
  const auto sent = static_cast<double>(live.sent.load());
  if (!readings_.empty() && seconds < readings_.back().seconds) {
    readings_.clear();  // the next run
  }
  readings_.push_back({seconds, sent});
  while (readings_.size() > 1 && seconds - readings_[1].seconds >= k_window) {
    readings_.pop_front();
  }
  const double span = seconds - readings_.front().seconds;
  const std::string rate = span >= k_least
                               ? human_count((sent - readings_.front().sent) / span) + " items/s"
                               : "starting";
  std::string out =
      fmt::format("{:.1f}{} s  {}  {} accepted  {} lost  {} in flight", seconds,
                  duration > 0 ? fmt::format(" of {:.0f}", duration) : "", rate,
                  human_count(static_cast<double>(live.accepted.load())),
                  human_count(static_cast<double>(live.lost.load())), live.in_flight.load());
  const double behind = static_cast<double>(live.lag_ns.load()) * 1e-9;
  return behind > 0.01 ? out + fmt::format("  {:.2f} s behind", behind) : out;
}

}  // namespace obsctl::loadgen
