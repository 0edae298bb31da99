// SPDX-License-Identifier: Apache-2.0
// Faults that the sink answers with on purpose, and the choice of requests that get them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/otlp/types.hpp"

namespace obsctl::otlp {

enum class FaultKind : std::uint8_t {
  slow,         // accept, but answer late
  partial,      // accept, with partial_success that rejects some items
  unavailable,  // gRPC UNAVAILABLE, HTTP 503
  exhausted,    // gRPC RESOURCE_EXHAUSTED, HTTP 429
  error,        // gRPC INVALID_ARGUMENT, HTTP 400: permanent
  refuse,       // gRPC RST_STREAM REFUSED_STREAM; HTTP closes the connection without an answer
  reset,        // TCP reset
  goaway,       // gRPC GOAWAY before this stream; HTTP answers 503 with Connection: close
  hang,         // never answer
  garbage,      // answer with bytes that are not the protocol
};

[[nodiscard]] std::string_view fault_name(FaultKind kind);
[[nodiscard]] const std::vector<std::string>& fault_names();

struct Fault {
  FaultKind kind = FaultKind::slow;
  double share = 1.0;                                        // of the requests
  std::chrono::nanoseconds delay = {};                       // slow: how late
  std::optional<std::chrono::nanoseconds> retry_after = {};  // hint: RetryInfo and Retry-After
  std::int64_t rejected = 1;                                 // partial: items per request
  std::optional<Signal> signal = {};                         // only requests of this signal
};

// KIND[,KEY=VALUE…]: "slow,delay=200ms", "unavailable,share=10%,retry=2s",
// "partial,rejected=3,signal=logs". Code::usage names `what`.
[[nodiscard]] Result<Fault> parse_fault(std::string_view text, std::string_view what);

// Spreads faults evenly: a share of 10 % hits exactly every tenth request that it concerns, so that
// tests can count. The first fault in the list that is due wins.
class FaultPlan {
 public:
  explicit FaultPlan(std::vector<Fault> faults);
  [[nodiscard]] const Fault* next(Signal signal);

 private:
  std::vector<Fault> faults_;
  std::vector<double> debt_;
};

}  // namespace obsctl::otlp
