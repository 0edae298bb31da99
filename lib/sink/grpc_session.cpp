// SPDX-License-Identifier: Apache-2.0
// The sink's gRPC side: an nghttp2 server session that answers every Export call.
#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <new>
#include <unordered_map>
#include <utility>

#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"
#include "lib/sink/grpc_stream.hpp"
#include "lib/sink/headers.hpp"
#include "lib/sink/session.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_prefix = 5;
constexpr std::int32_t k_connection_window = 16 << 20;
constexpr std::size_t k_stream_cost = 1024;  // what a stream takes before its first byte, about
constexpr std::size_t k_max_headers = 100;   // of a request that are shown
constexpr auto k_retry = std::chrono::seconds(1);  // after a refusal for memory
constexpr int k_invalid_argument = 3;
constexpr int k_deadline_exceeded = 4;
constexpr int k_resource_exhausted = 8;
constexpr int k_unimplemented = 12;
constexpr int k_unavailable = 14;

std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  return {.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
          .namelen = name.size(),
          .valuelen = value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

using Stream = GrpcStream;

class GrpcSession final : public Session {
 public:
  GrpcSession(Channel channel, Service& service, Loop& loop)
      : Session(std::move(channel), service, loop, true), session_(nullptr, nghttp2_session_del) {}

  void resume(std::int64_t token) override {
    const auto found = streams_.find(static_cast<std::int32_t>(token));
    if (found != streams_.end()) {
      found->second.held = false;
      send_answer(found->second);
      flush();
    }
  }
  [[nodiscard]] bool busy() const override { return !streams_.empty(); }

 private:
  static GrpcSession& self(void* user) { return *static_cast<GrpcSession*>(user); }
  Stream* find(std::int32_t id) {
    // Frames of one stream tend to follow each other.
    if (last_ == nullptr || last_->id != id) {
      const auto found = streams_.find(id);
      last_ = found != streams_.end() ? &found->second : nullptr;
    }
    return last_;
  }

  void make_session();
  bool receive(std::string_view bytes) override {
    if (!session_) {
      return greet(bytes);
    }
    const ssize_t used = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return used >= 0;
  }
  bool fill() override {
    if (!session_) {
      return true;
    }
    if (garbage_) {
      static constexpr std::string_view k_noise = "\xff\xff\xffthis is not HTTP/2\r\n\r\n";
      outbox_.copy(k_noise.data(), k_noise.size());
      garbage_ = false;
      return false;
    }
    return nghttp2_session_send(session_.get()) == 0 &&
           (nghttp2_session_want_read(session_.get()) != 0 ||
            nghttp2_session_want_write(session_.get()) != 0);
  }

  void expire(Time now) override;

  bool greet(std::string_view bytes);
  void take(Stream& stream, std::string_view bytes);
  void handle(Stream& stream);
  void handle_message(Stream& stream);
  void act(Stream& stream, const Reply& reply);
  void fail_stream(Stream& stream, int status, std::string message);
  void refuse_for_memory(Stream& stream, std::string message);
  void refuse_http(Stream& stream);
  void send_answer(Stream& stream);
  void send_trailers(std::int32_t id);

  static ssize_t on_send(nghttp2_session* /*session*/, const std::uint8_t* data, std::size_t size,
                         int /*flags*/, void* user) {
    const std::size_t taken = self(user).outbox_.copy(data, size);
    return taken > 0 ? static_cast<ssize_t>(taken) : ssize_t{NGHTTP2_ERR_WOULDBLOCK};
  }
  // Exceptions must not pass through nghttp2, which is C: without memory the connection ends.
  template <class F>
  static int guarded(F&& work) {
    try {
      work();
      return 0;
    } catch (const std::bad_alloc&) {
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
  }
  // Without memory for one request, that request is refused.
  template <class F>
  void attempt(Stream& stream, F&& work) {
    try {
      work();
    } catch (const std::bad_alloc&) {
      stream.cut_short = !stream.complete;
      refuse_for_memory(stream, "the sink is out of memory");
    }
  }
  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
      return 0;
    }
    return guarded([&] {
      GrpcSession& me = self(user);
      const std::int32_t id = frame->hd.stream_id;
      Stream& stream = me.streams_.try_emplace(id, me.loop_.budget()).first->second;
      if (!stream.holding.grow(k_stream_cost)) {
        me.service_.count(&SinkCounts::memory_refused);
        me.streams_.erase(id);
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
        return;
      }
      stream.id = id;
      stream.begun = me.last_active();
      stream.body = std::exchange(me.spare_body_, {});
    });
  }
  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t /*flags*/, void* user) {
    Stream* stream = self(user).find(frame->hd.stream_id);
    if (stream == nullptr) {
      return 0;
    }
    return guarded(
        [&] { self(user).take_header(*stream, view(name, name_size), view(value, value_size)); });
  }
  static int on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* user) {
    return guarded([&] {
      Stream* stream = self(user).find(id);
      if (stream != nullptr && !stream->cut_short) {
        self(user).attempt(*stream, [&] { self(user).take(*stream, view(data, size)); });
      }
    });
  }
  static int on_frame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    const bool request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (!request || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
      return 0;
    }
    return guarded([&] {
      Stream* stream = self(user).find(frame->hd.stream_id);
      // A reset may have closed the connection.
      if (stream != nullptr && !stream->cut_short && !self(user).closed()) {
        stream->complete = true;
        self(user).attempt(*stream, [&] { self(user).handle(*stream); });
        stream->holding.release(stream->body);
      }
    });
  }
  static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
      return 0;
    }
    const Stream* stream = self(user).find(frame->hd.stream_id);
    if (stream != nullptr && stream->cut_short) {  // RFC 9113, 8.1: no need to send the rest
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }
  static int on_close(nghttp2_session* /*session*/, std::int32_t id, std::uint32_t /*error*/,
                      void* user) {
    GrpcSession& session = self(user);
    if (Stream* stream = session.find(id)) {
      stream->holding.release(stream->body);
      session.spare_body_ = std::move(stream->body);
    }
    session.last_ = nullptr;
    session.streams_.erase(id);
    return 0;
  }
  static ssize_t on_answer(nghttp2_session* /*session*/, std::int32_t id, std::uint8_t* buffer,
                           std::size_t length, std::uint32_t* flags,
                           nghttp2_data_source* /*source*/, void* user) {
    GrpcSession& session = self(user);
    Stream* stream = session.find(id);
    if (stream == nullptr) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    const std::size_t take = std::min(length, stream->answer.size() - stream->answered);
    std::copy_n(stream->answer.data() + stream->answered, take, reinterpret_cast<char*>(buffer));
    stream->answered += take;
    if (stream->answered == stream->answer.size()) {
      *flags = NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      session.send_trailers(id);
    }
    return static_cast<ssize_t>(take);
  }

  void show_header(Stream& stream, std::string_view key, std::string_view text);
  void take_header(Stream& stream, std::string_view key, std::string_view text);

  std::string greeting_;  // until it is known what the client speaks
  std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)> session_;
  std::unordered_map<std::int32_t, Stream> streams_;
  Stream* last_ = nullptr;
  std::string spare_body_;  // its capacity serves the next request
  bool garbage_ = false;
};

void GrpcSession::make_session() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);
  const SinkOptions& options = service_.options();
  const std::array<nghttp2_settings_entry, 2> settings = {
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_streams},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.window}}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, k_connection_window);
}

// A client has to speak first. Waiting for that keeps our frames out of the answer to an HTTP/1.1
// client, which could not read them.
bool GrpcSession::greet(std::string_view bytes) {
  greeting_ += bytes;
  const Greeting came = greeting_of(greeting_);
  if (came == Greeting::http2) {
    make_session();
    return session_ && receive(std::exchange(greeting_, {}));
  }
  if (came == Greeting::unknown) {
    return true;
  }
  service_.count(&SinkCounts::protocol_errors);
  const std::string why = misdirected(came);
  if (!why.empty()) {  // also for TLS: clients know "HTTP/" in place of a handshake
    const std::string answer = http1_refusal("400 Bad Request", why);
    outbox_.copy(answer.data(), answer.size());
  }
  closing_ = true;
  return true;
}

void GrpcSession::expire(Time now) {
  const SinkOptions& limits = service_.options();
  if (!session_) {
    if (now - opened_ > limits.head_timeout && !closing_) {
      time_out();
      drop();
    }
    return;
  }
  bool expired = false;
  for (auto& [id, stream] : streams_) {
    if (!stream.complete && !stream.cut_short && now - stream.begun > limits.body_timeout) {
      time_out();
      expired = stream.cut_short = true;
      fail_stream(stream, k_deadline_exceeded, "the request was not complete in time");
    }
  }
  if (expired) {
    flush();
  }
}

// Keeps a header for who reads along.
void GrpcSession::show_header(Stream& stream, std::string_view key, std::string_view text) {
  if (key == ":path") {
    stream.path = printable(text, 200);
  }
  if (key.starts_with(':') || stream.headers.size() >= k_max_headers) {
    return;
  }
  std::string shown = shown_header(key, text);
  if (stream.holding.grow(sizeof shown + shown.size())) {
    stream.headers.push_back(std::move(shown));
  }
}

void GrpcSession::take_header(Stream& stream, std::string_view key, std::string_view text) {
  if (service_.options().note) {
    show_header(stream, key, text);
  }
  if (key == ":path") {
    stream.signal = signal_of_method(text);
  } else if (key == "content-type") {
    stream.content_type = text.substr(0, 100);
  } else if (key == "grpc-encoding") {
    stream.encoding = text.substr(0, 32);
  }
}

void GrpcSession::take(Stream& stream, std::string_view bytes) {
  const SinkOptions& options = service_.options();
  stream.size += bytes.size();
  if (stream.size > options.max_message + k_prefix) {
    stream.cut_short = true;
    return fail_stream(stream, k_resource_exhausted,
                       fmt::format("received message larger than max ({} or more vs. {})",
                                   stream.size - k_prefix, options.max_message));
  }
  if (options.depth == Depth::requests) {
    return;
  }
  if (!stream.holding.reserve(stream.body, bytes.size())) {
    stream.cut_short = true;
    return refuse_for_memory(stream, "the sink's memory for requests is used up; try again");
  }
  stream.body.append(bytes);
}

void GrpcSession::handle(Stream& stream) {
  if (!is_grpc(stream.content_type)) {
    return refuse_http(stream);
  }
  if (!stream.signal) {
    return fail_stream(stream, k_unimplemented, "unknown service or method");
  }
  handle_message(stream);
}

void GrpcSession::handle_message(Stream& stream) {
  Incoming incoming{.signal = *stream.signal,
                    .wire_bytes = stream.size > k_prefix ? stream.size - k_prefix : 0};
  if (service_.options().depth != Depth::requests) {
    const ByteView bytes = bytes_of(stream.body);
    std::size_t length = 0;
    for (std::size_t i = 1; i < k_prefix && i < bytes.size(); ++i) {
      length = length << 8U | static_cast<std::size_t>(bytes[i]);
    }
    if (bytes.size() < k_prefix || length != bytes.size() - k_prefix) {
      return fail_stream(stream, 13, "the message does not have the announced length");
    }
    if (bytes[0] != std::byte{0}) {
      incoming.compression = stream.encoding == "gzip"   ? Compression::gzip
                             : stream.encoding == "zstd" ? Compression::zstd
                                                         : Compression::none;
      if (incoming.compression == Compression::none) {
        return fail_stream(
            stream, k_unimplemented,
            fmt::format("grpc-encoding '{}' is not supported", printable(stream.encoding)));
      }
    }
    incoming.body = bytes.subspan(k_prefix);
  }
  act(stream, service_.handle(incoming));
}

void GrpcSession::act(Stream& stream, const Reply& reply) {
  const auto refuse = [&](int status) {
    if (reply.retry_after) {
      stream.details = base64_encode(encode_status(
          {.code = status, .message = reply.message, .retry_after = reply.retry_after}));
    }
    fail_stream(stream, status, reply.message);
  };
  switch (reply.kind) {
    case Reply::Kind::accept: break;
    case Reply::Kind::unavailable: return refuse(k_unavailable);
    case Reply::Kind::exhausted:
    case Reply::Kind::out_of_memory: return refuse(k_resource_exhausted);
    case Reply::Kind::invalid: return refuse(k_invalid_argument);
    case Reply::Kind::refuse:
      nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id,
                                NGHTTP2_REFUSED_STREAM);
      return;
    case Reply::Kind::reset: return abort();
    case Reply::Kind::goaway:
      // This stream and all later ones were not processed; what is answered already stays answered.
      nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, std::max(stream.id - 2, 0),
                            NGHTTP2_NO_ERROR, nullptr, 0);
      return;
    case Reply::Kind::hang: stream.held = true; return;
    case Reply::Kind::garbage: garbage_ = true; return;
  }
  const std::string message = encode_partial_success(
      {.present = true, .rejected = reply.rejected, .message = reply.message});
  const auto size = static_cast<std::uint32_t>(message.size());
  stream.answer = {'\0', static_cast<char>(size >> 24U), static_cast<char>(size >> 16U & 255U),
                   static_cast<char>(size >> 8U & 255U), static_cast<char>(size & 255U)};
  stream.answer += message;
  if (reply.delay.count() > 0) {
    stream.held = true;
    loop_.at(Clock::now() + reply.delay, *this, stream.id);
    return;
  }
  send_answer(stream);
}

void GrpcSession::fail_stream(Stream& stream, int status, std::string message) {
  // Trailers-only: the status is in the one and only header block.
  stream.status = status;
  service_.note("gRPC " + stream.path, stream.headers,
                fmt::format("{}: {}", grpc_status_name(status), message));
  const std::string code = std::to_string(status);
  const std::string text = percent_encode(message);
  std::vector<nghttp2_nv> fields = {field(":status", "200"),
                                    field("content-type", "application/grpc"),
                                    field("grpc-status", code), field("grpc-message", text)};
  if (!stream.details.empty()) {
    fields.push_back(field("grpc-status-details-bin", stream.details));
  }
  nghttp2_submit_response(session_.get(), stream.id, fields.data(), fields.size(), nullptr);
}

// RESOURCE_EXHAUSTED is retryable only with RetryInfo.
void GrpcSession::refuse_for_memory(Stream& stream, std::string message) {
  service_.count(&SinkCounts::memory_refused);
  stream.holding.release(stream.body);
  stream.details = base64_encode(
      encode_status({.code = k_resource_exhausted, .message = message, .retry_after = k_retry}));
  fail_stream(stream, k_resource_exhausted, std::move(message));
}

// An HTTP client, or gRPC-Web, that came over HTTP/2: it would not look into gRPC's trailers.
void GrpcSession::refuse_http(Stream& stream) {
  const std::string_view type = stream.content_type;
  const std::string where = misdirected(Greeting::http1);
  const std::string why = type.starts_with("application/grpc-web")
                              ? "gRPC-Web is not supported, only gRPC and OTLP over HTTP; " + where
                              : "content-type is not application/grpc; " + where;
  service_.note("HTTP/2 " + stream.path, stream.headers, "415: " + why);
  const std::string message = percent_encode(why);
  const std::array<nghttp2_nv, 4> fields = {
      field(":status", "415"), field("content-type", "text/plain"), field("grpc-status", "12"),
      field("grpc-message", message)};
  nghttp2_submit_response(session_.get(), stream.id, fields.data(), fields.size(), nullptr);
}

void GrpcSession::send_answer(Stream& stream) {
  service_.note("gRPC " + stream.path, stream.headers, grpc_status_name(0));
  const std::array<nghttp2_nv, 2> fields = {field(":status", "200"),
                                            field("content-type", "application/grpc")};
  nghttp2_data_provider answer{};
  answer.read_callback = on_answer;
  nghttp2_submit_response(session_.get(), stream.id, fields.data(), fields.size(), &answer);
}

void GrpcSession::send_trailers(std::int32_t id) {
  const nghttp2_nv trailer = field("grpc-status", "0");
  nghttp2_submit_trailer(session_.get(), id, &trailer, 1);
}

}  // namespace

std::unique_ptr<Session> make_grpc_session(Channel channel, Service& service, Loop& loop) {
  return std::make_unique<GrpcSession>(std::move(channel), service, loop);
}

}  // namespace obsctl::otlp
