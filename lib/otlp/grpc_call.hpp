// SPDX-License-Identifier: Apache-2.0
// One gRPC call in flight: the slot that holds its request, what has come back, and its verdict.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/otlp/transport.hpp"

namespace obsctl::otlp {

struct GrpcLane;  // a place for a connection, see grpc_client.cpp

struct GrpcCall {
  Request request = {};
  std::array<std::byte, 5> prefix = {};  // compressed flag and length
  std::size_t framed = 0;                // bytes of prefix and body that nghttp2 has framed
  std::size_t queued = 0;                // … and that are in the outbox
  Time send_time = {};
  Time deadline = {};
  std::uint64_t wire_out = 0;
  std::uint64_t wire_in = 0;
  std::int32_t stream = -1;  // -1: not yet given to nghttp2
  bool sent = false;
  bool finished = false;  // its completion is out, but nghttp2 still knows the stream
  bool grpc_content = false;
  bool too_large = false;
  int http_status = 0;
  int grpc_status = -1;
  std::string grpc_message = {};
  std::string details = {};   // grpc-status-details-bin, still base64
  std::string encoding = {};  // grpc-encoding of the response
  std::string response = {};

  // Places in the lists of the client and of the connection.
  std::size_t position = 0;  // in H2Connection::calls_
  GrpcLane* lane = nullptr;  // null: the slot is free
  GrpcCall* next = nullptr;
  GrpcCall* previous = nullptr;

  void reset(const Request& new_request);
  [[nodiscard]] std::size_t size() const { return prefix.size() + request.body.size(); }
  void on_header(std::string_view name, std::string_view value);
};

// Fills the completion of a call whose stream was closed with this HTTP/2 error code. `goaway`: the
// server had announced that it takes no more.
void conclude(const GrpcCall& call, std::uint32_t h2_error, bool goaway, std::size_t max_response,
              Completion& completion);

}  // namespace obsctl::otlp
