// SPDX-License-Identifier: Apache-2.0
// What an obsctl sink behind the target saw: the far end of the ledger, without any trust in the
// middle.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/http.hpp"
#include "lib/loadgen/run.hpp"
#include "lib/otlp/types.hpp"

namespace obsctl::loadgen {

struct SinkSnapshot {
  struct Items {
    std::uint64_t items = 0;
    std::uint64_t distinct = 0;
    std::uint64_t duplicates = 0;
    // Points and records without a number (obsctl.seq) cannot be told apart, nor can anything at a
    // sink that does not look into requests.
    [[nodiscard]] std::uint64_t untold() const {
      return items - std::min(items, distinct + duplicates);
    }
    bool operator==(const Items&) const = default;
  };
  std::array<Items, otlp::k_signals> signals = {};
  std::uint64_t traces = 0;  // distinct
  bool operator==(const SinkSnapshot&) const = default;
};

struct SinkReport {
  std::string url;
  SinkSnapshot seen;                       // during the run
  std::vector<std::string> findings = {};  // what cannot be right, in words

  [[nodiscard]] bool holds() const { return findings.empty(); }
  // False when the sink does not look into requests.
  [[nodiscard]] bool tells_traces() const {
    return seen.traces > 0 || seen.signals[0].untold() == 0;
  }
};

// `url` is the sink's /counts.
[[nodiscard]] Result<SinkSnapshot> fetch_sink(HttpClient& http, const std::string& url);
// Reads until nothing changes for `silence` seconds, at most `limit` seconds.
[[nodiscard]] Result<SinkSnapshot> wait_sink(HttpClient& http, Clock& clock, const std::string& url,
                                             double silence, double limit, const StopFlag& stop);
[[nodiscard]] SinkReport sink_difference(const std::string& url, const SinkSnapshot& before,
                                         const SinkSnapshot& after);
// Names what arrived more often than it can have been sent. Behind a collector there may be less,
// for it filters and samples; more means that something delivers twice or adds items.
void judge_sink(SinkReport& report, const RunResult& result);

}  // namespace obsctl::loadgen
