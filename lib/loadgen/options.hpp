// SPDX-License-Identifier: Apache-2.0
// What a load test is asked to do, as typed values: everything a caller chooses is decided here,
// once, so that no code behind it reads texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/units.hpp"
#include "lib/loadgen/report.hpp"
#include "lib/loadgen/sampling.hpp"
#include "lib/loadgen/scenario.hpp"
#include "lib/otlp/retry.hpp"
#include "lib/otlp/transport.hpp"

namespace obsctl::loadgen {

// Protocol and encoding, by the names of OTEL_EXPORTER_OTLP_PROTOCOL.
enum class Transport : std::uint8_t { grpc, http_protobuf, http_json };

[[nodiscard]] constexpr auto names_of(Transport) {
  return std::to_array<Named<Transport>>({{Transport::grpc, "grpc"},
                                          {Transport::http_protobuf, "http/protobuf"},
                                          {Transport::http_json, "http/json"}});
}

// A length of the run in things: "100k" or "100kitems", "100ktraces", "500requests".
struct Count {
  enum class Of : std::uint8_t { items, traces, requests };

  std::int64_t number = 0;
  Of of = Of::items;
};

[[nodiscard]] constexpr auto names_of(Count::Of) {
  return std::to_array<Named<Count::Of>>({{Count::Of::items, "items"},
                                          {Count::Of::traces, "traces"},
                                          {Count::Of::requests, "requests"}});
}

// Part `index` of `count` of one plan, from 0.
struct Shard {
  std::int64_t index = 0;
  std::int64_t count = 1;
};

// Bounds of what a run can be asked for; beyond them clocks and counters end.
inline constexpr double k_max_time = 30 * 86400.0;            // seconds, of a run
inline constexpr std::int64_t k_max_timeout_ms = 86'400'000;  // of one request
inline constexpr double k_max_rate = 1e9;                     // units/s

// Parsers of the forms above; `what` names the input in the error (Code::usage).
[[nodiscard]] Result<Count> parse_item_count(std::string_view text, std::string_view what);
[[nodiscard]] Result<Shard> parse_shard(std::string_view text, std::string_view what);

struct TargetOptions {
  std::vector<std::string> endpoints = {};            // none: the stack's, else this machine
  std::optional<Transport> transport = {};            // absent: gRPC
  std::optional<otlp::Compression> compression = {};  // absent: none
  std::vector<std::string> headers = {};              // NAME=VALUE
  std::string bearer_file = {};  // the token alone, or a line OTLP_AUTH_TOKEN=…
  otlp::TlsOptions tls = {};
  unsigned connections = 1;              // per worker
  std::optional<unsigned> streams = {};  // requests in flight per gRPC connection; absent: 64
  std::optional<Duration> timeout = {};  // of one request; absent: 10 s
  std::string user_agent = "obsctl-loadgen";
};

// What a tier is documented to carry, or what a stack of that tier was made for.
struct TierLoad {
  std::string tier;
  double spans = 0;          // per second
  double series = 0;         // as Prometheus counts them
  double records = 0;        // per second
  Duration interval = {15};  // in which every series is written once
  Bytes span_size = {};
  Bytes record_size = {};
};

struct LoadOptions {
  std::string scenario = "shop";            // a shipped one by name, or a file
  std::vector<otlp::Signal> signals = {};   // none: those of the scenario
  std::optional<TierLoad> tier = {};        // its rates and sizes in place of the scenario's
  std::optional<Rate> rate = {};            // of all signals, workers and shards together
  Unit unit = Unit::items;                  // what `rate` counts
  std::optional<std::string> profile = {};  // absent: the scenario's
  std::optional<Duration> duration = {};
  std::optional<Count> count = {};
  bool max = false;  // closed loop: as fast as the target answers
  Duration warmup = {0};
  std::int64_t batch = 100;  // items per request
  unsigned workers = 1;
  std::optional<std::uint64_t> seed = {};  // absent: random
  Shard shard = {};
  std::optional<Bytes> span_size = {};
  std::optional<Bytes> record_size = {};
  std::optional<double> series = {};
  std::optional<std::string> service = {};  // service.name of everything; absent: the scenario's
  std::vector<Attribute> attributes = {};   // of every item besides the scenario's
  bool sequence = false;                    // number every item, for exact duplicates at the sink
  otlp::RetryMode retry = otlp::RetryMode::honour;
};

struct VerificationOptions {
  std::string metrics_url = {};         // of the collector; empty: the stack's, else none
  std::string sink_counts_url = {};     // empty: none
  std::optional<Duration> settle = {};  // longest wait until the collector is silent; absent: 30 s
  std::optional<Share> keep = {};       // tail sampling, absent: the stack's
  std::optional<Duration> slow_threshold = {};
  std::optional<Duration> decision_wait = {};
  std::vector<Threshold> thresholds = {};
  bool find_max = false;  // search the highest rate that meets the thresholds
};

struct RunOptions {
  TargetOptions target;
  LoadOptions load;
  VerificationOptions verification;
};

// A generated stack as a target, as far as a load test wants to know it.
struct StackTarget {
  std::string grpc_endpoint;  // URL
  std::string http_endpoint;
  std::string ca_file = {};     // empty: no TLS, or a certificate that the system trusts
  std::string token_file = {};  // empty: no authentication
  std::string metrics_url;      // of the collector itself
  SamplingPolicy sampling;
  TierLoad load;                          // what the stack was made for
  std::vector<std::string> allowed = {};  // targets that may get any rate, besides the stack
};

}  // namespace obsctl::loadgen

namespace obsctl::otlp {

[[nodiscard]] constexpr auto names_of(Signal) {
  return std::to_array<Named<Signal>>(
      {{Signal::traces, "traces"}, {Signal::metrics, "metrics"}, {Signal::logs, "logs"}});
}

[[nodiscard]] constexpr auto names_of(Compression) {
  return std::to_array<Named<Compression>>(
      {{Compression::none, "none"}, {Compression::gzip, "gzip"}, {Compression::zstd, "zstd"}});
}

[[nodiscard]] constexpr auto names_of(RetryMode) {
  return std::to_array<Named<RetryMode>>(
      {{RetryMode::honour, "honour"}, {RetryMode::ignore, "ignore"}, {RetryMode::off, "off"}});
}

}  // namespace obsctl::otlp
