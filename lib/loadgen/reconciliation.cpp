// SPDX-License-Identifier: Apache-2.0
// Reads both ends of a run and hands what they say to the report.
#include "lib/loadgen/reconciliation.hpp"

#include <algorithm>

namespace obsctl::loadgen {

Result<Reconciliation> Reconciliation::open(HttpClient& http, const PreparedRun& run) {
  Reconciliation out;
  out.metrics_url_ = run.metrics_url;
  out.sink_url_ = run.sink_counts_url;
  bool sampled = run.predict_sampling;
  if (!out.metrics_url_.empty()) {
    OBS_TRY_ASSIGN(out.before_, fetch_snapshot(http, out.metrics_url_));
    sampled = sampled || out.before_.samples;
  }
  if (!out.sink_url_.empty()) {
    OBS_TRY_ASSIGN(out.sink_before_, fetch_sink(http, out.sink_url_));
  }
  // A tail sampler is silent while it waits for traces to be complete.
  out.silence_ = sampled ? run.sampling.decision_wait + 2 : 2;
  out.limit_ = std::max(run.settle.seconds, out.silence_ + 5);
  return out;
}

Result<void> Reconciliation::close(HttpClient& http, Clock& clock, const StopFlag& stop,
                                   Report& report) const {
  if (has_ledger()) {
    OBS_TRY_ASSIGN(const auto settled,
                   wait_settled(http, clock, metrics_url_, silence_, limit_, stop));
    report.ledger = balance(before_, settled.snapshot, report.result, report.run_seconds());
    report.ledger->url = shown_url(metrics_url_);
    report.ledger->waited = settled.waited;
    if (report.sampling) {
      check_sampling(*report.sampling, before_, settled.snapshot);
    }
  }
  if (!sink_url_.empty()) {
    // The collector has settled, so what the sink has now is all.
    const double silence = has_ledger() ? 0 : silence_;
    OBS_TRY_ASSIGN(const auto after, wait_sink(http, clock, sink_url_, silence, limit_, stop));
    report.sink = sink_difference(sink_url_, sink_before_, after);
    if (report.shards == 1) {  // it saw the other shards' items too
      judge_sink(*report.sink, report.result);
    }
    if (report.sampling) {
      check_sampling(*report.sampling, *report.sink);
    }
  }
  return {};
}

}  // namespace obsctl::loadgen
