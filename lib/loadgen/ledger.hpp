// SPDX-License-Identifier: Apache-2.0
// The loss ledger: what the generator sent against what the collector says it received, processed,
// queued and exported. Every item is accounted for or named as missing.
//
// The collector's own metrics are read before and after a run. Their names differ by the version of
// the collector and by its reader's settings: with and without `_total`, a unit or the `otelcol_`
// in front. Source: receiverhelper, exporterhelper, processorhelper of the collector's repository.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/http.hpp"
#include "lib/loadgen/run.hpp"
#include "lib/prom/exposition.hpp"

namespace obsctl::loadgen {

// The collector's counters at one moment, summed over components of a kind.
struct Snapshot {
  struct Items {
    bool counted = false;  // there is a receiver's counter
    double accepted = 0;   // receivers
    double refused = 0;
    double failed = 0;
    double sent = 0;  // exporters
    double send_failed = 0;
    double enqueue_failed = 0;
  };
  std::array<Items, otlp::k_signals> signals;
  std::map<std::string, double> exporters;  // sent items by "signal exporter"
  std::map<std::string, double> removed;    // incoming minus outgoing items by "signal processor"
  double queued = 0;          // exporter queues: requests, items or bytes, as configured
  double sampled_traces = 0;  // tail sampling: kept
  double dropped_traces = 0;  // tail sampling: decided against
  std::map<std::string, double> policies;  // traces that a policy wanted to keep
  bool samples = false;                    // a tail sampler reports
  double cpu_seconds = 0;
  double rss_bytes = 0;
};

[[nodiscard]] Snapshot read_snapshot(const std::vector<prom::Family>& families);
[[nodiscard]] Result<Snapshot> fetch_snapshot(HttpClient& http, const std::string& url);

// One line of the balance.
struct LedgerLine {
  std::string signal;
  std::uint64_t acknowledged = 0;  // by the generator's count
  std::uint64_t unknown = 0;       // sent without an answer
  double received = 0;             // accepted by receivers
  double refused = 0;              // refused or failed in receivers
  double exported = 0;  // by the exporter that sent most of this signal; connectors may add items
  double export_failed = 0;
  double filtered = 0;  // taken out by processors, named in `filters`
  std::map<std::string, double> filters = {};
  double held_back = 0;     // received and none of the above: sampled away, in memory or in a queue
  double missing = 0;       // acknowledged but not received; negative: received without an answer
  std::string untold = {};  // why nothing can be said about this signal; empty: all of the above is
  bool exports_told = true;  // an exporter counts this signal
  bool accounted = false;
};

struct LedgerReport {
  std::string url;
  std::vector<LedgerLine> lines;
  double queued = 0;  // still in queues at the end
  double waited = 0;  // seconds until the numbers stood still
  double cpu_seconds = 0;
  double rss_bytes = 0;
  double cpu_ms_per_1k = 0;  // collector CPU milliseconds per 1000 received items
  double rss_per_1k = 0;     // growth is not attributable, so: bytes per 1000 items/s received
  Snapshot before;
  Snapshot after;

  // What cannot be told is no loss.
  [[nodiscard]] bool balanced() const;
  // The collector counts, and none of what was acknowledged.
  [[nodiscard]] bool stood_still() const;
};

[[nodiscard]] LedgerReport balance(const Snapshot& before, const Snapshot& after,
                                   const RunResult& result, double seconds);

// Reads until nothing changes for `silence` seconds and the queues are empty, at most `limit`
// seconds.
struct Settled {
  Snapshot snapshot;
  double waited = 0;
};
[[nodiscard]] Result<Settled> wait_settled(HttpClient& http, Clock& clock, const std::string& url,
                                           double silence, double limit, const StopFlag& stop);

}  // namespace obsctl::loadgen
