// SPDX-License-Identifier: Apache-2.0
// An OTLP receiver for tests: counts exactly what arrives, finds duplicates, and answers with
// chosen faults.
//
// It runs in a thread of its own: a load generator's tests start one in the process, and
// `obsctl loadgen sink` is the same thing with a command line.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/otlp/types.hpp"
#include "lib/sink/fault.hpp"

namespace obsctl::otlp {

// How deeply requests are looked into.
enum class Depth : std::uint8_t {
  requests,  // not at all: requests and bytes only, the cheapest receiver there can be
  items,     // items are counted by their tags
  full,      // items are identified: duplicates, distinct traces, groups, printing
};

[[nodiscard]] constexpr auto names_of(Depth) {
  return std::to_array<Named<Depth>>(
      {{Depth::requests, "requests"}, {Depth::items, "items"}, {Depth::full, "full"}});
}

struct SinkOptions {
  std::string host = "127.0.0.1";
  int grpc_port = 4317;       // 0: any free port; -1: no gRPC
  int http_port = 4318;       // 0: any free port; -1: no HTTP
  std::string tls_cert = {};  // PEM; with tls_key: both ports speak TLS
  std::string tls_key = {};
  std::string client_ca = {};  // PEM: clients need a certificate of this CA
  Depth depth = Depth::items;
  std::string sequence_attribute = "obsctl.seq";  // on spans, points and records
  std::string group_attribute = {};     // count distinct traces per value of this span attribute
  std::size_t max_message = 64U << 20;  // bytes, packed and unpacked; more is refused
  unsigned max_streams = 1000;          // SETTINGS_MAX_CONCURRENT_STREAMS
  unsigned window = 1U << 20;           // flow-control window of a stream, bytes
  std::size_t memory = 512U << 20;      // bytes of all unfinished requests; more are refused
  std::size_t max_connections = 4096;   // beyond, the one that is idle longest makes room
  std::chrono::nanoseconds head_timeout = std::chrono::seconds(10);  // TLS handshake, head
  std::chrono::nanoseconds body_timeout = std::chrono::seconds(60);  // the rest of a request
  std::vector<Fault> faults = {};
  // Called from the sink's thread with whole lines: requests as OTLP/JSON, and for every request
  // its headers and what it was told. Values of headers that may be secrets are not shown.
  std::function<void(std::string_view)> print = {};
  std::function<void(std::string_view)> note = {};
  // Called from the sink's thread with what whoever runs the sink should know at once: a client at
  // the wrong port, a limit reached. The same is told at its first, 10th, 100th … time only.
  std::function<void(std::string_view)> warn = {};
};

struct SignalCounts {
  std::uint64_t requests = 0;   // complete ones, whatever became of them
  std::uint64_t refused = 0;    // requests answered with a fault other than slow and partial
  std::uint64_t malformed = 0;  // requests that were not OTLP
  std::uint64_t items = 0;      // in accepted requests, without those rejected by partial_success
  std::uint64_t rejected_items = 0;  // refused through partial_success
  std::uint64_t refused_items = 0;   // in refused requests
  std::uint64_t distinct = 0;        // Depth::full: accepted items seen for the first time …
  std::uint64_t duplicates = 0;      // … and those seen before, by sequence or by span id
  std::uint64_t untracked = 0;       // … and those without identity, or beyond the memory limit
  std::uint64_t wire_bytes = 0;      // bodies as received
  std::uint64_t raw_bytes = 0;       // bodies unpacked
};

struct SinkCounts {
  std::array<SignalCounts, k_signals> signals = {};
  std::uint64_t connections = 0;
  std::uint64_t open_connections = 0;
  std::uint64_t failed_handshakes = 0;  // TLS
  std::uint64_t protocol_errors = 0;    // connections closed because of what the peer sent
  std::uint64_t timed_out = 0;        // handshakes, heads and bodies that were not complete in time
  std::uint64_t memory_refused = 0;   // requests refused because SinkOptions::memory was used up
  std::uint64_t idle_closed = 0;      // connections closed to make room for a new one
  std::uint64_t socket_bytes = 0;     // received, framing included
  std::uint64_t distinct_traces = 0;  // Depth::full
  std::map<std::string, std::uint64_t> groups = {};  // distinct traces per value of group_attribute
  std::map<std::string, std::uint64_t> faults = {};  // requests per fault

  [[nodiscard]] const SignalCounts& of(Signal signal) const {
    return signals[static_cast<std::size_t>(signal)];
  }
};

// As served at GET /counts: {"schema":"obsctl.sink/v1", …}.
[[nodiscard]] std::string to_json(const SinkCounts& counts, bool pretty);

class Sink {
 public:
  // Listens and starts serving; the ports are open when this returns.
  [[nodiscard]] static Result<Sink> start(SinkOptions options);

  Sink(Sink&&) noexcept;
  Sink& operator=(Sink&&) noexcept;
  ~Sink();  // stops

  [[nodiscard]] std::uint16_t grpc_port() const;  // 0 when there is none
  [[nodiscard]] std::uint16_t http_port() const;
  [[nodiscard]] SinkCounts counts() const;  // from any thread

  // Closes everything; the counts stay.
  void stop();

 private:
  class Impl;
  explicit Sink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace obsctl::otlp
