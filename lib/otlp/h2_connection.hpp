// SPDX-License-Identifier: Apache-2.0
// One client connection: TCP, TLS, the HTTP/2 session on top, and the calls that it carries.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/otlp/grpc_call.hpp"
#include "lib/otlp/net.hpp"
#include "lib/otlp/outbox.hpp"

struct nghttp2_session;

namespace obsctl::otlp {

// The constant request headers of one endpoint, one list per signal.
struct GrpcHeaders {
  using List = std::vector<std::pair<std::string, std::string>>;
  std::array<List, k_signals> lists = {};

  GrpcHeaders(const Endpoint& endpoint, const ClientOptions& options);
};

// What a connection tells its client.
class GrpcEvents {
 public:
  virtual ~GrpcEvents() = default;
  // The stream of a call is closed; the call's slot is free after this.
  virtual void on_closed(GrpcCall& call, std::uint32_t h2_error, bool goaway) = 0;
  // The connection is gone before the call was answered.
  virtual void on_lost(GrpcCall& call, const std::string& why) = 0;
};

class H2Connection {
 public:
  enum class State : std::uint8_t { down, connecting, handshake, preface, ready, draining };

  H2Connection(GrpcEvents& events, const GrpcHeaders& headers, ClientStats& stats,
               std::size_t max_response);
  H2Connection(const H2Connection&) = delete;
  H2Connection& operator=(const H2Connection&) = delete;
  ~H2Connection();

  // Starts connecting; `tls` null means plain. On failure the state is down and error() says why.
  void start(const Address& address, const Endpoint& endpoint, const TlsContext* tls,
             const TlsOptions& options);

  // Reacts to the socket; may change the state to down.
  void on_readable(Time now);
  void on_writable(Time now);

  // Gives a call to nghttp2; only when ready.
  void submit(GrpcCall& call);
  void cancel(GrpcCall& call);
  void ping();

  // Serializes and writes what is due. False when the socket is blocked.
  bool flush(Time now);

  // Closes and reports every call in `calls` that it carried as lost.
  void close(const std::string& why);
  void goodbye();  // GOAWAY and TLS close, as far as possible at once

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] int fd() const { return channel_.fd(); }
  // Whether somebody listened at the address of the last start().
  [[nodiscard]] bool reached() const { return reached_; }
  [[nodiscard]] bool blocked() const { return blocked_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] unsigned peer_limit() const { return peer_limit_; }
  [[nodiscard]] Time last_received() const { return last_received_; }
  [[nodiscard]] bool ping_pending() const { return ping_pending_; }

 private:
  friend struct H2Callbacks;
  void make_session();
  void step_handshake(Time now);
  bool receive(std::string_view bytes);
  [[nodiscard]] std::string not_http2(std::string_view bytes) const;

  GrpcEvents& events_;
  const GrpcHeaders& headers_;
  ClientStats& stats_;
  std::size_t max_response_;
  Channel channel_;
  Outbox outbox_;
  std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)> session_;
  State state_ = State::down;
  std::string authority_;
  std::string error_;
  std::vector<GrpcCall*> calls_;  // given to nghttp2 and not yet closed
  unsigned peer_limit_ = 0;       // SETTINGS_MAX_CONCURRENT_STREAMS
  bool blocked_ = false;          // waiting for the socket to become writable
  bool goaway_ = false;
  bool first_bytes_ = true;
  bool ping_pending_ = false;
  bool reached_ = false;
  bool established_ = false;
  Time now_ = {};
  Time last_received_ = {};
};

}  // namespace obsctl::otlp
