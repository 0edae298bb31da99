// SPDX-License-Identifier: Apache-2.0
// OTLP over gRPC: several HTTP/2 connections (nghttp2), many streams in flight, one thread, no
// copies.
//
// The body of a request goes from the caller's buffer to writev(): nghttp2 only makes the frame
// headers. libcurl is not used here: 7.88 breaks reused prior-knowledge connections and resends
// refused streams.
#pragma once

#include <memory>
#include <span>

#include "lib/otlp/transport.hpp"

namespace obsctl::otlp {

class GrpcClient {
 public:
  // Resolves the endpoints and loads the certificates; connects in the background with the first
  // wait(). Code::usage for options that cannot work, Code::config for unreadable certificates,
  // Code::unreachable for a name that does not resolve.
  [[nodiscard]] static Result<GrpcClient> create(ClientOptions options);

  GrpcClient(GrpcClient&&) noexcept;
  GrpcClient& operator=(GrpcClient&&) noexcept;
  ~GrpcClient();

  // Takes a request; false when no connection has a free stream (nothing was taken). A request is
  // accepted while a connection is being made, and fails with Outcome::transport when that fails.
  [[nodiscard]] bool submit(const Request& request);

  // Sends what was submitted, receives, and returns when a request completed, when `deadline` has
  // come or when a signal arrived. The completions are valid until the next wait().
  [[nodiscard]] std::span<const Completion> wait(Time deadline);

  // Sends what was submitted without waiting for anything.
  void flush();

  // Connects every connection and waits until all are ready; the first failure as an error.
  // Optional: for a clear message before a run, and to keep handshakes out of the measurement.
  [[nodiscard]] Result<void> connect(Time deadline);

  [[nodiscard]] std::size_t in_flight() const;
  // Requests that can be in flight together, as the servers' SETTINGS allow now.
  [[nodiscard]] std::size_t capacity() const;
  [[nodiscard]] const ClientStats& stats() const;

 private:
  class Impl;
  explicit GrpcClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace obsctl::otlp
