// SPDX-License-Identifier: Apache-2.0
// Non-blocking TCP and TLS as one kind of byte channel, for the gRPC client and for the sink.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/fd.hpp"
#include "lib/otlp/transport.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace obsctl::otlp {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
};

// Every address of the endpoint, in the resolver's order; Code::unreachable when there is none.
[[nodiscard]] Result<std::vector<Address>> resolve(const Endpoint& endpoint);

// A socket that is connecting (EINPROGRESS); the errno on immediate failure.
[[nodiscard]] tl::expected<Fd, int> start_connect(const Address& address);

// A listening socket; port 0 takes a free one. `port` receives the real one.
[[nodiscard]] Result<Fd> listen_on(const std::string& host, std::uint16_t port,
                                   std::uint16_t& actual);

// Text of an errno, lower case: "connection refused".
[[nodiscard]] std::string errno_text(int error);

// What a server's port speaks after a TLS handshake.
enum class Alpn : std::uint8_t { h2, http11 };

// Certificates and rules, shared by all connections of one client or server.
class TlsContext {
 public:
  // `alpn`: the one protocol to offer, "h2" or "http/1.1".
  [[nodiscard]] static Result<TlsContext> client(const TlsOptions& options, std::string alpn);
  // `client_ca`: PEM that client certificates must chain to; empty asks for none. `alpn`: the one
  // protocol that is spoken.
  [[nodiscard]] static Result<TlsContext> server(const std::string& cert_file,
                                                 const std::string& key_file,
                                                 const std::string& client_ca, Alpn alpn);

  [[nodiscard]] ssl_ctx_st* get() const { return context_.get(); }

 private:
  std::shared_ptr<ssl_ctx_st> context_;
};

enum class Io : std::uint8_t { done, again, closed, failed };

// A connected socket, with or without TLS on top. Never blocks, never raises SIGPIPE.
class Channel {
 public:
  Channel() = default;
  explicit Channel(Fd fd) : fd_(std::move(fd)) {}
  Channel(Channel&&) noexcept = default;
  Channel& operator=(Channel&&) noexcept = default;
  ~Channel() = default;

  // Puts TLS on the socket; `server_name` is verified (client side only, when `verify`).
  [[nodiscard]] Result<void> start_tls_client(const TlsContext& context,
                                              const std::string& server_name, bool verify);
  [[nodiscard]] Result<void> start_tls_server(const TlsContext& context);

  // Runs the handshake; `failed` sets error(). Without TLS it is done at once.
  [[nodiscard]] Io handshake();

  // `done` with count > 0, or another result with count 0.
  [[nodiscard]] Io read(std::span<char> into, std::size_t& count);
  [[nodiscard]] Io write(std::span<const iovec> parts, std::size_t& count);

  void set_no_delay();
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool tls() const { return ssl_ != nullptr; }
  // TLS may hold decrypted bytes that epoll does not know about.
  [[nodiscard]] bool has_buffered() const;
  [[nodiscard]] bool wants_write() const { return wants_write_; }
  [[nodiscard]] std::string alpn() const;
  [[nodiscard]] const std::string& error() const { return error_; }

  // The first bytes, left in the socket for whoever reads next.
  [[nodiscard]] Io peek(std::span<char> into, std::size_t& count) const;
  // Sends in the clear, before or without TLS, as far as that is possible without waiting.
  void send_plain(std::string_view text) const;

  // Says goodbye (TLS close_notify) as far as that is possible without waiting.
  void shutdown();
  // Says goodbye and sends no more. The peer can still read what was sent: closing while it sends
  // would reset the connection and take the answer with it.
  void end_output();
  // Throws away what the peer still sends; `again` when there is no more for now.
  [[nodiscard]] Io discard() const;
  // Closes with a TCP reset, as a crashed process would.
  void abort();

 private:
  Io tls_result(int code);

  Fd fd_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_{nullptr, nullptr};
  std::vector<char> staging_;
  bool wants_write_ = false;
  std::string error_;
};

}  // namespace obsctl::otlp
