// SPDX-License-Identifier: Apache-2.0
// What the answer to a gRPC call means: status, trailers, reset codes and the response message.
#include "lib/otlp/grpc_call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "lib/otlp/compress.hpp"
#include "lib/otlp/response.hpp"
#include "lib/otlp/retry.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_max_text = 8192;  // of one header value that is kept
constexpr int k_ok = 0;
constexpr int k_unknown = 2;
constexpr int k_deadline_exceeded = 4;  // the server noticed our deadline before we did
constexpr int k_resource_exhausted = 8;
constexpr int k_internal = 13;

int parse_status(std::string_view text) {
  int value = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  const bool good = parsed.ec == std::errc{} && parsed.ptr == end && value >= 0 && value < 1000;
  return good ? value : k_unknown;
}

void set_failure(Completion& completion, int status, std::string message) {
  completion.grpc_status = static_cast<std::int16_t>(status);
  completion.outcome = status == k_deadline_exceeded ? Outcome::timeout
                       : grpc_retryable(status, completion.retry_after.count() >= 0)
                           ? Outcome::retryable
                           : Outcome::permanent;
  completion.message = std::move(message);
}

// A stream that ended without grpc-status: what the HTTP layer says stands in for it.
void conclude_without_status(const GrpcCall& call, std::uint32_t h2_error, bool goaway,
                             Completion& completion) {
  if (call.http_status != 0 && call.http_status != 200) {
    set_failure(completion, grpc_status_of_http(call.http_status),
                fmt::format("HTTP status {} without grpc-status: {}", call.http_status,
                            printable(call.response)));
  } else if (call.http_status == 200 && !call.grpc_content) {
    set_failure(completion, k_unknown, "the answer is not gRPC: " + printable(call.response));
  } else if (h2_error != 0) {
    const int status = grpc_status_of_h2_error(h2_error);
    set_failure(completion, status,
                goaway && h2_error == 7
                    ? std::string("the server is going away (GOAWAY) and did not take the request")
                    : fmt::format("stream reset by the server (HTTP/2 error {}): {}", h2_error,
                                  grpc_status_name(status)));
  } else {
    set_failure(completion, k_internal, "the stream ended without grpc-status");
  }
}

// grpc-go answers a compressed request with a compressed response, however short.
bool unpack_message(const GrpcCall& call, std::size_t max_response, ByteView& message) {
  static thread_local std::string unpacked;
  const Compression compression = call.encoding == "gzip"   ? Compression::gzip
                                  : call.encoding == "zstd" ? Compression::zstd
                                                            : Compression::none;
  if (compression == Compression::none || !unpack(compression, message, max_response, unpacked)) {
    return false;
  }
  message = bytes_of(unpacked);
  return true;
}

void conclude_ok(const GrpcCall& call, std::size_t max_response, Completion& completion) {
  const ByteView bytes = bytes_of(call.response);
  if (bytes.size() < 5) {
    return set_failure(completion, k_internal, "status OK without a message");
  }
  std::size_t length = 0;
  for (std::size_t i = 1; i < 5; ++i) {
    length = length << 8U | static_cast<std::size_t>(bytes[i]);
  }
  if (length != bytes.size() - 5) {
    return set_failure(completion, k_internal, "the response message has a wrong length");
  }
  ByteView message = bytes.subspan(5);
  if (bytes[0] != std::byte{0} && !unpack_message(call, max_response, message)) {
    return set_failure(completion, k_internal, "the response cannot be unpacked");
  }
  if (message.empty()) {
    return;
  }
  const auto partial = decode_response(message);
  if (!partial) {
    return set_failure(completion, k_internal, "the response is not an OTLP Export response");
  }
  if (partial->present) {
    completion.outcome = Outcome::partial;
    completion.rejected = std::max<std::int64_t>(partial->rejected, 0);
    completion.message = printable(partial->message, k_max_text);
  }
}

}  // namespace

void GrpcCall::reset(const Request& new_request) {
  request = new_request;
  const auto size = static_cast<std::uint32_t>(new_request.body.size());
  prefix = {std::byte{new_request.compressed}, std::byte(size >> 24U),
            std::byte(size >> 16U & 255U), std::byte(size >> 8U & 255U), std::byte(size & 255U)};
  framed = queued = 0;
  wire_out = wire_in = 0;
  stream = -1;
  sent = finished = grpc_content = too_large = false;
  http_status = 0;
  grpc_status = -1;
  grpc_message.clear();
  details.clear();
  encoding.clear();
  response.clear();
}

void GrpcCall::on_header(std::string_view name, std::string_view value) {
  value = value.substr(0, k_max_text);
  if (name == ":status") {
    http_status = parse_status(value);
  } else if (name == "grpc-status") {
    grpc_status = parse_status(value);
  } else if (name == "content-type") {
    grpc_content = value.starts_with("application/grpc");
  } else if (name == "grpc-message") {
    grpc_message = value;
  } else if (name == "grpc-encoding") {
    encoding = value;
  } else if (name == "grpc-status-details-bin") {
    details = value;
  }
}

void conclude(const GrpcCall& call, std::uint32_t h2_error, bool goaway, std::size_t max_response,
              Completion& completion) {
  completion.http_status = static_cast<std::int16_t>(call.http_status);
  if (call.too_large) {
    return set_failure(completion, k_resource_exhausted,
                       fmt::format("the response is larger than {} bytes", max_response));
  }
  if (call.grpc_status < 0) {
    return conclude_without_status(call, h2_error, goaway, completion);
  }
  completion.grpc_status = static_cast<std::int16_t>(call.grpc_status);
  if (call.grpc_status == k_ok) {
    return conclude_ok(call, max_response, completion);
  }
  if (!call.details.empty()) {
    if (const auto bytes = base64_decode(call.details)) {
      if (const auto status = decode_status(bytes_of(*bytes)); status && status->retry_after) {
        completion.retry_after = *status->retry_after;
      }
    }
  }
  set_failure(completion, call.grpc_status,
              fmt::format("{}: {}", grpc_status_name(call.grpc_status),
                          printable(percent_decode(call.grpc_message), k_max_text)));
}

}  // namespace obsctl::otlp
