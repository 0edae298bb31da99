// SPDX-License-Identifier: Apache-2.0
// Turns documented rates into a scenario's and holds the result against them.
#include "lib/loadgen/tier.hpp"

#include "lib/loadgen/scenario.hpp"

namespace obsctl::loadgen {

TierVerdict apply_tier(const TierLoad& load, Scenario& scenario) {
  TierVerdict out;
  out.tier = load.tier;
  out.spans = load.spans;
  out.series = load.series;
  out.records = load.records;
  out.interval = load.interval.seconds;
  // The documented series are Prometheus series; one point of a histogram becomes many of them.
  const SeriesShare share = share_series(scenario, load.series);
  out.points = share.points / out.interval;
  scenario.series = share.series;
  scenario.traces_rate = out.spans;
  scenario.metrics_rate = out.points;
  scenario.logs_rate = out.records;
  // The documented volumes per day come from these sizes.
  scenario.span_size = static_cast<std::size_t>(load.span_size.value);
  scenario.log_size = static_cast<std::size_t>(load.record_size.value);
  return out;
}

void judge_tier(Report& report) {
  if (!report.tier) {
    return;
  }
  TierVerdict& out = *report.tier;
  const SignalTally sum = report.result.total();
  const auto refute = [&out](bool wrong, const char* why) {
    if (wrong && out.reason.empty()) {
      out.reason = why;
    }
  };
  refute(report.result.interrupted, "interrupted");
  refute(static_cast<double>(sum.unsent) > 0.001 * static_cast<double>(sum.sent + sum.unsent),
         "not everything could be sent");
  refute(report.error_share() >= 0.001, "0.1 % of the items or more were not accepted");
  if (report.ledger) {
    refute(!report.ledger->balanced(), "the collector's counters do not match what was sent");
    refute(report.ledger->queued > 0, "the collector's queues did not empty");
  }
  out.held = out.reason.empty();
}

}  // namespace obsctl::loadgen
