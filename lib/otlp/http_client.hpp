// SPDX-License-Identifier: Apache-2.0
// OTLP over HTTP/1.1, protobuf and JSON: libcurl's multi interface on an epoll loop, one thread.
//
// libcurl quietly repeats a request when a reused connection turns out to be dead. A load generator
// must not: a second start of the same request is refused and reported as a lost connection.
#pragma once

#include <memory>
#include <span>

#include "lib/otlp/transport.hpp"

namespace obsctl::otlp {

class OtlpHttpClient {
 public:
  // Code::usage for options that cannot work, Code::config for unreadable certificates.
  [[nodiscard]] static Result<OtlpHttpClient> create(ClientOptions options);

  OtlpHttpClient(OtlpHttpClient&&) noexcept;
  OtlpHttpClient& operator=(OtlpHttpClient&&) noexcept;
  ~OtlpHttpClient();

  // Takes a request; false when every connection is busy (nothing was taken).
  [[nodiscard]] bool submit(const Request& request);

  // Sends what was submitted, receives, and returns when a request completed, when `deadline` has
  // come or when a signal arrived. The completions are valid until the next wait().
  [[nodiscard]] std::span<const Completion> wait(Time deadline);

  // Starts what was submitted without waiting for anything.
  void flush();

  // Connects once to every endpoint (TCP and TLS) and closes again; the first failure as an error.
  // Optional: for a clear message before a run.
  [[nodiscard]] Result<void> connect(Time deadline);

  [[nodiscard]] std::size_t in_flight() const;
  // Requests that can be in flight together: one per connection.
  [[nodiscard]] std::size_t capacity() const;
  [[nodiscard]] const ClientStats& stats() const;

 private:
  class Impl;
  explicit OtlpHttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace obsctl::otlp
