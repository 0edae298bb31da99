// SPDX-License-Identifier: Apache-2.0
// Reading what a server answered: partial_success, google.rpc.Status with RetryInfo, Retry-After,
// gRPC codes.
//
// Everything here takes bytes from the network, so every function is total: bounded work, no crash.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/otlp/transport.hpp"
#include "lib/otlp/types.hpp"

namespace obsctl::otlp {

// Export*PartialSuccess; the three signals share field numbers.
struct PartialSuccess {
  bool present = false;  // the message is there and says something
  std::int64_t rejected = 0;
  std::string message = {};
};
// Of an Export*ServiceResponse; nothing when the bytes are not one. An empty response is full
// success.
[[nodiscard]] std::optional<PartialSuccess> decode_response(ByteView body);
[[nodiscard]] std::optional<PartialSuccess> decode_response_json(std::string_view body,
                                                                 Signal signal);

// google.rpc.Status: the body of an HTTP error and the trailer grpc-status-details-bin.
struct RpcStatus {
  int code = 0;
  std::string message = {};
  std::optional<std::chrono::nanoseconds> retry_after =
      {};  // of the first RetryInfo, clamped to ≥ 0
};
[[nodiscard]] std::optional<RpcStatus> decode_status(ByteView body);
[[nodiscard]] std::optional<RpcStatus> decode_status_json(std::string_view body);

// Base64 with the standard or URL alphabet, padding optional, as gRPC's "-bin" headers; nothing
// when invalid.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
[[nodiscard]] std::string base64_encode(std::string_view bytes);

// grpc-message: "%41" becomes "A"; invalid escapes stay as they are.
[[nodiscard]] std::string percent_decode(std::string_view text);
[[nodiscard]] std::string percent_encode(std::string_view text);

// Retry-After: delay-seconds or an HTTP-date (IMF-fixdate), as a delay from `now`; ≥ 0.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

// "UNAVAILABLE" for 14 and so on; "code 99" for an unknown one.
[[nodiscard]] std::string grpc_status_name(int status);
// The gRPC status for a stream that the server reset with an HTTP/2 error code, and for an HTTP
// status without grpc-status. Source: grpc doc/PROTOCOL-HTTP2.md, doc/http-grpc-status-mapping.md.
[[nodiscard]] int grpc_status_of_h2_error(std::uint32_t error);
[[nodiscard]] int grpc_status_of_http(int status);
// Text from the network made fit for a terminal and a report: printable, at most `limit` bytes.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 200);

// Trailers and message of a google.rpc.Status, for the sink: what a server sends.
[[nodiscard]] std::string encode_status(const RpcStatus& status);
[[nodiscard]] std::string encode_partial_success(const PartialSuccess& partial);

}  // namespace obsctl::otlp
