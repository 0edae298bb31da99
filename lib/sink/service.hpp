// SPDX-License-Identifier: Apache-2.0
// What the sink does with a request, whatever protocol brought it: count, identify, print, choose a
// fault.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/otlp/decode.hpp"
#include "lib/otlp/types.hpp"
#include "lib/sink/sequence_set.hpp"
#include "lib/sink/sink.hpp"

namespace obsctl::otlp {

struct Incoming {
  Signal signal = Signal::traces;
  Encoding encoding = Encoding::protobuf;
  Compression compression = Compression::none;
  ByteView body = {};  // packed as it came; empty at Depth::requests
  std::uint64_t wire_bytes = 0;
};

struct Reply {
  enum class Kind : std::uint8_t {
    accept,
    unavailable,
    exhausted,
    out_of_memory,
    invalid,
    refuse,
    reset,
    goaway,
    hang,
    garbage
  };
  Kind kind = Kind::accept;
  std::chrono::nanoseconds delay = {};
  std::optional<std::chrono::nanoseconds> retry_after = {};
  std::int64_t rejected = 0;
  std::string message = {};
};

class Service {
 public:
  explicit Service(const SinkOptions& options);

  // Called from the sink's thread only.
  [[nodiscard]] Reply handle(const Incoming& incoming);

  // Counters of connections; called from the sink's thread only.
  void count(std::uint64_t SinkCounts::*counter, std::int64_t change = 1);

  // Tells options().note, when somebody listens, about a request and its answer.
  void note(std::string_view request, const std::vector<std::string>& headers,
            std::string_view answer) const;

  [[nodiscard]] SinkCounts counts() const;  // from any thread
  [[nodiscard]] const SinkOptions& options() const { return options_; }

 private:
  struct Contents {
    bool good = true;
    std::uint64_t items = 0;
    std::uint64_t raw_bytes = 0;
    std::string error = {};
    ByteView protobuf = {};
    Deviations deviations = {};
  };
  Reply receive(const Incoming& incoming);
  Contents look_into(const Incoming& incoming);
  Result<ByteView> unpacked(const Incoming& incoming);
  Result<ByteView> protobuf(const Incoming& incoming, ByteView bytes, Deviations* deviations);
  Reply answer(const Incoming& incoming, const Contents& contents);
  void identify(Signal signal, const Contents& contents, std::uint64_t accepted);
  void identify(const ItemRef& item, Signal signal);
  void print(Signal signal, const Contents& contents) const;
  void tell(const Incoming& incoming, const Deviations& deviations);

  const SinkOptions& options_;
  FaultPlan plan_;
  std::string unpacked_;
  std::string from_json_;
  std::unordered_map<std::uint64_t, unsigned> told_;  // how often, by kind of deviation
  std::array<SequenceSet, k_signals> sequences_;
  FingerprintSet span_ids_;
  FingerprintSet traces_;
  std::unordered_map<std::string, FingerprintSet> groups_;
  mutable std::mutex mutex_;  // guards counts_; uncontended, taken once per request
  SinkCounts counts_;
};

}  // namespace obsctl::otlp
