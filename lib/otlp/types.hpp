// SPDX-License-Identifier: Apache-2.0
// The words shared by everything that speaks OTLP: signals, encodings, compressions, time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace obsctl::otlp {

enum class Signal : std::uint8_t { traces, metrics, logs };
enum class Encoding : std::uint8_t { protobuf, json };
enum class Compression : std::uint8_t { none, gzip, zstd };

inline constexpr std::size_t k_signals = 3;

// The monotonic clock on which requests are scheduled and measured.
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

using ByteView = std::span<const std::byte>;

[[nodiscard]] constexpr std::string_view signal_name(Signal signal) {
  return signal == Signal::traces ? "traces" : signal == Signal::metrics ? "metrics" : "logs";
}

// What one item of the signal is called: "spans", "points", "records".
[[nodiscard]] constexpr std::string_view item_name(Signal signal) {
  return signal == Signal::traces ? "spans" : signal == Signal::metrics ? "points" : "records";
}

// As in `Content-Encoding` and `grpc-encoding`; "identity" for none.
[[nodiscard]] constexpr std::string_view compression_name(Compression compression) {
  return compression == Compression::gzip   ? "gzip"
         : compression == Compression::zstd ? "zstd"
                                            : "identity";
}

[[nodiscard]] inline ByteView bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
[[nodiscard]] inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace obsctl::otlp
