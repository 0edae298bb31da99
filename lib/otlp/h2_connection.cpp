// SPDX-License-Identifier: Apache-2.0
// The HTTP/2 half of a client connection: nghttp2 makes and reads frames, the outbox writes them.
#include "lib/otlp/h2_connection.hpp"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_read_size = 64 * 1024;
constexpr std::size_t k_max_headers = 24;

std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

std::string grpc_timeout(std::chrono::nanoseconds timeout) {
  // At most eight digits: milliseconds reach 27 hours, seconds three years.
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  return millis < 100'000'000
             ? fmt::format("{}m", std::max<std::int64_t>(millis, 1))
             : fmt::format("{}S", std::min<std::int64_t>(millis / 1000, 99'999'999));
}

struct SessionOptions {
  nghttp2_option* option = nullptr;
  SessionOptions() {
    nghttp2_option_new(&option);
    // Requests wait for the server's SETTINGS here, so nghttp2 needs no guess of its own.
    nghttp2_option_set_peer_max_concurrent_streams(option, 1U << 30U);
  }
  ~SessionOptions() { nghttp2_option_del(option); }
  SessionOptions(const SessionOptions&) = delete;
  SessionOptions& operator=(const SessionOptions&) = delete;
};

}  // namespace

GrpcHeaders::GrpcHeaders(const Endpoint& endpoint, const ClientOptions& options) {
  static constexpr std::array<const char*, k_signals> k_paths = {
      "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
      "/opentelemetry.proto.collector.logs.v1.LogsService/Export"};
  for (std::size_t i = 0; i < k_signals; ++i) {
    List& list = lists[i];
    list = {{":method", "POST"},
            {":scheme", endpoint.tls ? "https" : "http"},
            {":path", k_paths[i]},
            {":authority", endpoint.authority()},
            {"te", "trailers"},
            {"content-type", "application/grpc"},
            {"user-agent", options.user_agent},
            {"grpc-timeout", grpc_timeout(options.timeout)}};
    if (options.compression != Compression::none) {
      list.emplace_back("grpc-encoding", compression_name(options.compression));
      list.emplace_back("grpc-accept-encoding", "identity,gzip,zstd");
    }
    for (const auto& [name, value] : options.headers) {
      list.emplace_back(lower(name), value);
    }
  }
}

// nghttp2's callbacks; `user` is the connection, a stream's user data is its call.
struct H2Callbacks {
  static H2Connection& self(void* user) { return *static_cast<H2Connection*>(user); }
  static GrpcCall* call_of(nghttp2_session* session, std::int32_t stream) {
    return static_cast<GrpcCall*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  static ssize_t send(nghttp2_session* /*session*/, const std::uint8_t* data, std::size_t size,
                      int /*flags*/, void* user) {
    const std::size_t taken = self(user).outbox_.copy(data, size);
    return taken > 0 ? static_cast<ssize_t>(taken) : ssize_t{NGHTTP2_ERR_WOULDBLOCK};
  }

  static ssize_t frame_size(nghttp2_session* /*session*/, std::uint8_t /*type*/,
                            std::int32_t /*stream*/, std::int32_t session_window,
                            std::int32_t stream_window, std::uint32_t max_frame, void* /*user*/) {
    return std::min({session_window, stream_window, static_cast<std::int32_t>(max_frame)});
  }

  // Says how much of the body goes into the next frame; the bytes themselves follow in send_data().
  static ssize_t read(nghttp2_session* /*session*/, std::int32_t /*stream*/,
                      std::uint8_t* /*buffer*/, std::size_t length, std::uint32_t* flags,
                      nghttp2_data_source* source, void* /*user*/) {
    auto& call = *static_cast<GrpcCall*>(source->ptr);
    if (call.finished) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    const std::size_t take = std::min(length, call.size() - call.framed);
    call.framed += take;
    *flags = NGHTTP2_DATA_FLAG_NO_COPY;
    if (call.framed == call.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(take);
  }

  static int send_data(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/,
                       const std::uint8_t* frame_head, std::size_t length,
                       nghttp2_data_source* source, void* user) {
    auto& call = *static_cast<GrpcCall*>(source->ptr);
    Outbox& outbox = self(user).outbox_;
    if (call.finished) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (!outbox.has_room(9 + call.prefix.size(), 2)) {
      return NGHTTP2_ERR_WOULDBLOCK;
    }
    outbox.copy(frame_head, 9);
    if (call.queued < call.prefix.size()) {
      const std::size_t head = std::min(length, call.prefix.size() - call.queued);
      outbox.copy(call.prefix.data() + call.queued, head);
      call.queued += head;
      length -= head;
    }
    outbox.refer(call.request.body.subspan(call.queued - call.prefix.size(), length));
    call.queued += length;
    return 0;
  }

  static int on_frame_send(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.stream_id == 0) {
      return 0;
    }
    GrpcCall* call = call_of(session, frame->hd.stream_id);
    if (call != nullptr) {
      call->wire_out += 9 + frame->hd.length;
      if (frame->hd.type == NGHTTP2_HEADERS) {
        call->sent = true;
        call->send_time = self(user).now_;
      }
    }
    return 0;
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t /*flags*/, void* /*user*/) {
    if (GrpcCall* call = call_of(session, frame->hd.stream_id)) {
      call->on_header(view(name, name_size), view(value, value_size));
    }
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t stream,
                     const std::uint8_t* data, std::size_t size, void* user) {
    GrpcCall* call = call_of(session, stream);
    if (call == nullptr || call->too_large || call->finished) {
      return 0;
    }
    if (call->response.size() + size > self(user).max_response_ + call->prefix.size()) {
      call->too_large = true;
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
      return 0;
    }
    call->response.append(view(data, size));
    return 0;
  }

  static int on_frame_recv(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    H2Connection& connection = self(user);
    switch (frame->hd.type) {
      case NGHTTP2_SETTINGS:
        connection.peer_limit_ =
            nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
        if (connection.state_ == H2Connection::State::preface) {
          connection.state_ = H2Connection::State::ready;
          connection.established_ = true;
          ++connection.stats_.connects;
        }
        break;
      case NGHTTP2_GOAWAY:
        connection.goaway_ = true;
        ++connection.stats_.goaways;
        connection.state_ = H2Connection::State::draining;
        break;
      case NGHTTP2_PING:
        connection.ping_pending_ =
            connection.ping_pending_ && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0;
        break;
      default:
        if (GrpcCall* call = call_of(session, frame->hd.stream_id)) {
          call->wire_in += 9 + frame->hd.length;
          // The answer is complete before the request is: stop sending what nobody reads.
          const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
          if (ended && call->framed < call->size()) {
            nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                      NGHTTP2_CANCEL);
          }
        }
        break;
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session* session, std::int32_t stream, std::uint32_t error,
                             void* user) {
    H2Connection& connection = self(user);
    GrpcCall* call = call_of(session, stream);
    if (call == nullptr) {
      return 0;
    }
    auto& calls = connection.calls_;
    calls[call->position] = calls.back();
    calls[call->position]->position = call->position;
    calls.pop_back();
    if (!connection.outbox_.empty()) {
      connection.outbox_.detach(call->request.body);
    }
    // A request that nghttp2 gave up before its first frame, because GOAWAY had come.
    const bool refused = !call->sent && connection.goaway_;
    connection.events_.on_closed(*call, refused ? std::uint32_t{NGHTTP2_REFUSED_STREAM} : error,
                                 connection.goaway_);
    return 0;
  }
};

H2Connection::H2Connection(GrpcEvents& events, const GrpcHeaders& headers, ClientStats& stats,
                           std::size_t max_response)
    : events_(events),
      headers_(headers),
      stats_(stats),
      max_response_(max_response),
      session_(nullptr, nghttp2_session_del) {}

H2Connection::~H2Connection() = default;

void H2Connection::start(const Address& address, const Endpoint& endpoint, const TlsContext* tls,
                         const TlsOptions& options) {
  authority_ = endpoint.authority();
  error_.clear();
  outbox_ = Outbox();
  blocked_ = false;
  goaway_ = ping_pending_ = reached_ = established_ = false;
  first_bytes_ = true;
  peer_limit_ = 0;
  auto socket = start_connect(address);
  if (!socket) {
    ++stats_.connect_failures;
    error_ = fmt::format("cannot connect to {}: {}", authority_, errno_text(socket.error()));
    return;
  }
  channel_ = Channel(std::move(*socket));
  if (tls != nullptr) {
    const std::string& name = options.server_name.empty() ? endpoint.host : options.server_name;
    if (auto started = channel_.start_tls_client(*tls, name, options.verify); !started) {
      close(started.error().message);
      return;
    }
  }
  state_ = State::connecting;
  blocked_ = true;  // writable means connected
}

void H2Connection::make_session() {
  static const SessionOptions k_options;
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_send_callback(callbacks, H2Callbacks::send);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, H2Callbacks::send_data);
  nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks,
                                                                 H2Callbacks::frame_size);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, H2Callbacks::on_frame_send);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, H2Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, H2Callbacks::on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, H2Callbacks::on_frame_recv);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, H2Callbacks::on_stream_close);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new2(&session, callbacks, this, k_options.option);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
}

void H2Connection::step_handshake(Time now) {
  switch (channel_.handshake()) {
    case Io::done: break;
    case Io::again: blocked_ = channel_.wants_write(); return;
    case Io::closed: return close("the server closed the connection during the TLS handshake");
    case Io::failed: return close(channel_.error());
  }
  if (channel_.tls() && channel_.alpn() != "h2") {
    return close("the server does not offer HTTP/2 over TLS (ALPN 'h2')");
  }
  make_session();
  state_ = State::preface;
  last_received_ = now;
  flush(now);
}

void H2Connection::on_writable(Time now) {
  blocked_ = false;
  if (state_ == State::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(channel_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      return close(errno_text(error));
    }
    reached_ = true;
    state_ = State::handshake;
  }
  if (state_ == State::handshake) {
    return step_handshake(now);
  }
  flush(now);
}

std::string H2Connection::not_http2(std::string_view bytes) const {
  if (bytes.starts_with("HTTP/1.")) {
    return fmt::format("the server speaks HTTP/1.1, not gRPC (it answered '{}')",
                       printable(bytes.substr(0, bytes.find('\r')), 60));
  }
  if (bytes.size() >= 2 && bytes[0] == 0x15 && bytes[1] == 0x03) {
    return "the server expects TLS (use https://)";
  }
  return fmt::format("the server does not speak HTTP/2 (it answered '{}')", printable(bytes, 40));
}

bool H2Connection::receive(std::string_view bytes) {
  stats_.socket_in += bytes.size();
  // The server's first frame must be SETTINGS; anything else is not HTTP/2 at all.
  if (first_bytes_ && bytes.size() >= 4 && bytes[3] != NGHTTP2_SETTINGS) {
    close(not_http2(bytes));
    return false;
  }
  first_bytes_ = false;
  const ssize_t used = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) {
    close(fmt::format("HTTP/2 protocol error: {}", nghttp2_strerror(static_cast<int>(used))));
    return false;
  }
  return true;
}

void H2Connection::on_readable(Time now) {
  if (state_ == State::connecting) {
    return on_writable(now);
  }
  if (state_ == State::handshake) {
    return step_handshake(now);
  }
  static thread_local std::vector<char> buffer(k_read_size);
  now_ = now;
  while (state_ != State::down) {
    std::size_t count = 0;
    switch (channel_.read(buffer, count)) {
      case Io::done:
        last_received_ = now;
        if (!receive({buffer.data(), count})) {
          return;
        }
        if (count < buffer.size() && !channel_.has_buffered()) {
          return;  // most likely all there is: epoll tells when not, without another system call
        }
        break;
      case Io::again: return;
      case Io::closed: return close("connection closed by the server");
      case Io::failed: return close(channel_.error());
    }
  }
}

void H2Connection::submit(GrpcCall& call) {
  const auto& list = headers_.lists[static_cast<std::size_t>(call.request.signal)];
  std::array<nghttp2_nv, k_max_headers> stack;
  std::vector<nghttp2_nv> heap;
  nghttp2_nv* fields = stack.data();
  if (list.size() > stack.size()) {
    heap.resize(list.size());
    fields = heap.data();
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& [name, value] = list[i];
    fields[i] = {.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                 .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
                 .namelen = name.size(),
                 .valuelen = value.size(),
                 .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
  }
  nghttp2_data_provider body{};
  body.source.ptr = &call;
  body.read_callback = H2Callbacks::read;
  const std::int32_t stream =
      nghttp2_submit_request(session_.get(), nullptr, fields, list.size(), &body, &call);
  if (stream < 0) {  // stream ids used up after 2^30 requests: a new connection has new ones
    state_ = State::draining;
    events_.on_lost(call, fmt::format("no stream free on {}", authority_));
    return;
  }
  call.stream = stream;
  call.position = calls_.size();
  calls_.push_back(&call);
}

void H2Connection::cancel(GrpcCall& call) {
  outbox_.detach(call.request.body);
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, call.stream, NGHTTP2_CANCEL);
}

void H2Connection::ping() {
  if (!ping_pending_ && session_) {
    ping_pending_ = true;
    nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
  }
}

bool H2Connection::flush(Time now) {
  now_ = now;
  while (session_ && !blocked_) {
    if (const int code = nghttp2_session_send(session_.get()); code != 0) {
      close(fmt::format("HTTP/2 error: {}", nghttp2_strerror(code)));
      return false;
    }
    if (outbox_.empty()) {
      break;
    }
    switch (outbox_.flush(channel_, stats_.socket_out)) {
      case Io::done: break;
      case Io::again: blocked_ = true; return false;
      case Io::closed: close("connection closed by the server"); return false;
      case Io::failed: close(channel_.error()); return false;
    }
  }
  if (session_ && nghttp2_session_want_read(session_.get()) == 0 &&
      nghttp2_session_want_write(session_.get()) == 0) {
    close(goaway_ ? "the server is going away (GOAWAY)" : "HTTP/2 protocol error");
    return false;
  }
  return true;
}

void H2Connection::close(const std::string& why) {
  if (state_ == State::down) {
    return;
  }
  error_ = established_ ? fmt::format("connection to {} lost: {}", authority_, why)
                        : fmt::format("cannot connect to {}: {}", authority_, why);
  ++(established_ ? stats_.disconnects : stats_.connect_failures);
  state_ = State::down;
  blocked_ = false;
  channel_ = Channel();
  outbox_ = Outbox();
  // close() may run inside an nghttp2 callback's caller only, never inside a callback: the session
  // can go.
  session_.reset();
  std::vector<GrpcCall*> lost;
  lost.swap(calls_);
  for (GrpcCall* call : lost) {
    events_.on_lost(*call, error_);
  }
}

void H2Connection::goodbye() {
  if (session_ && state_ != State::down) {
    nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
    nghttp2_session_send(session_.get());
    static_cast<void>(outbox_.flush(channel_, stats_.socket_out));
    channel_.shutdown();
  }
}

}  // namespace obsctl::otlp
