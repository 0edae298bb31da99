// SPDX-License-Identifier: Apache-2.0
// What an obsctl sink behind the target saw: the far end of the ledger, without any trust in the
// middle.
#pragma once

#include <array>
#include <cstdint>
#include <string>

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
    bool operator==(const Items&) const = default;
  };
  std::array<Items, otlp::k_signals> signals = {};
  std::uint64_t traces = 0;  // distinct
  bool operator==(const SinkSnapshot&) const = default;
};

struct SinkReport {
  std::string url;
  SinkSnapshot seen;  // during the run
};

// `url` is the sink's /counts.
[[nodiscard]] Result<SinkSnapshot> fetch_sink(HttpClient& http, const std::string& url);
// Reads until nothing changes for `silence` seconds, at most `limit` seconds.
[[nodiscard]] Result<SinkSnapshot> wait_sink(HttpClient& http, Clock& clock, const std::string& url,
                                             double silence, double limit, const StopFlag& stop);
[[nodiscard]] SinkReport sink_difference(const std::string& url, const SinkSnapshot& before,
                                         const SinkSnapshot& after);

}  // namespace obsctl::loadgen
