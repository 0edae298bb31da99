// SPDX-License-Identifier: Apache-2.0
// Words for a run's live numbers.
#include "lib/loadgen/progress.hpp"

#include <fmt/format.h>

#include "lib/base/units.hpp"

namespace obsctl::loadgen {

std::string ProgressText::line(double seconds, double duration, const Live& live) {
  const auto sent = static_cast<double>(live.sent.load());
  const double rate = seconds > last_seconds_ ? (sent - last_sent_) / (seconds - last_seconds_) : 0;
  last_seconds_ = seconds;
  last_sent_ = sent;
  std::string out =
      fmt::format("{:.1f}{} s  {} items/s  {} accepted  {} lost  {} in flight", seconds,
                  duration > 0 ? fmt::format(" of {:.0f}", duration) : "", human_count(rate),
                  human_count(static_cast<double>(live.accepted.load())),
                  human_count(static_cast<double>(live.lost.load())), live.in_flight.load());
  const double behind = static_cast<double>(live.lag_ns.load()) * 1e-9;
  return behind > 0.01 ? out + fmt::format("  {:.2f} s behind", behind) : out;
}

}  // namespace obsctl::loadgen
