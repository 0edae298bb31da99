// SPDX-License-Identifier: Apache-2.0
// What a client speaks, from its first bytes: the wrong port is the most frequent mistake, and it is
// named instead of answered with a protocol error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace obsctl::otlp {

enum class Greeting : std::uint8_t { unknown, http1, http2, tls, other };

// `unknown`: the bytes so far are the beginning of more than one; at most k_greeting are needed.
inline constexpr std::size_t k_greeting = 10;
[[nodiscard]] Greeting greeting_of(std::string_view bytes);

// Where the sink listens (0: not at all), and whether only for TLS.
struct Ports {
  std::uint16_t grpc = 0;
  std::uint16_t http = 0;
  bool tls = false;
};

// One sentence on a client that came to the wrong port, and where to go; `grpc`: it came to the
// gRPC port. For stderr and for the client.
[[nodiscard]] std::string wrong_port(Greeting came, bool grpc, const Ports& ports);

// A whole HTTP/1.1 response that refuses and closes.
[[nodiscard]] std::string http1_refusal(std::string_view status, std::string_view why);

}  // namespace obsctl::otlp
