// SPDX-License-Identifier: Apache-2.0
// The sink's HTTP/1.1 side: OTLP requests, and GET /counts for whoever watches.
#include <fmt/format.h>

#include <array>
#include <new>
#include <utility>

#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"
#include "lib/sink/http1.hpp"
#include "lib/sink/session.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::string_view k_counts = "/counts";
constexpr std::string_view k_no_memory = "the sink's memory for requests is used up; try again";
constexpr std::size_t k_max_backlog = 1U << 20;   // pipelined bytes kept while an answer waits
constexpr std::size_t k_max_pending = 16U << 10;  // bytes of answers that a peer leaves unread

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
  }
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

std::optional<Signal> signal_of_path(std::string_view path) {
  for (const Signal signal : {Signal::traces, Signal::metrics, Signal::logs}) {
    if (path.starts_with("/v1/") && path.substr(4) == signal_name(signal)) {
      return signal;
    }
  }
  return std::nullopt;
}

std::string_view rejected_name(Signal signal) {
  return signal == Signal::traces    ? "rejectedSpans"
         : signal == Signal::metrics ? "rejectedDataPoints"
                                     : "rejectedLogRecords";
}

class HttpSession final : public Session {
 public:
  HttpSession(Channel channel, Service& service, Loop& loop)
      : Session(std::move(channel), service, loop, false),
        parser_(service.options().max_message, service.options().depth != Depth::requests,
                loop.budget(), static_cast<bool>(service.options().note)),
        backlog_holding_(loop.budget()) {}

  void resume(std::int64_t /*token*/) override {
    held_ = false;
    send(std::move(held_answer_));
    close_after_ = held_close_;
    closing_ = closing_ || close_after_;
    flush();
  }
  [[nodiscard]] bool busy() const override {
    return held_ || !pending_.empty() || parser_.stage() == Http1Parser::Stage::body;
  }

 private:
  [[nodiscard]] bool takes_in() const override {
    return !held_ && pending_.empty() && backlog_.empty();
  }
  bool receive(std::string_view bytes) override { return take(bytes); }
  bool fill() override {
    if (pending_.empty()) {
      go_on();
    }
    const std::size_t taken = outbox_.copy(pending_.data(), pending_.size());
    pending_.erase(0, taken);
    return true;
  }
  void expire(Time now) override;

  bool take(std::string_view bytes);
  bool take_some(std::string_view& bytes);
  void go_on();
  void refuse(int status, std::string_view why);
  void serve();
  void handle(Http1Request& request);
  void handle_export(Http1Request& request, Signal signal, Encoding encoding);
  void act(const Reply& reply, Signal signal, Encoding encoding);
  void answer_error(int status, const Reply& reply, Encoding encoding);
  void answer_preflight(const Http1Request& request);
  void answer(int status, std::string_view type, std::string_view body,
              std::string_view extra = {});
  void send(std::string text) { pending_ += text; }

  Http1Parser parser_;
  Http1Parser::Stage stage_ = Http1Parser::Stage::between;
  Time stage_since_ = {};
  std::string pending_;  // answers on their way into the outbox
  std::string held_answer_;
  std::string told_;  // why a request was refused, for who reads along
  std::string backlog_;
  Holding backlog_holding_;
  bool fresh_ = true;  // no request has been read
  bool held_ = false;
  bool held_close_ = false;
  bool close_after_ = false;
};

bool HttpSession::take(std::string_view bytes) {
  const Time now = last_active();
  bool good = true;
  try {
    while (good && !bytes.empty() && !closed_ && !closing_) {
      if (held_ || pending_.size() > k_max_pending) {
        if (!backlog_holding_.reserve(backlog_, bytes.size())) {
          return false;
        }
        backlog_.append(bytes);
        return backlog_.size() <= k_max_backlog;
      }
      good = take_some(bytes);
    }
  } catch (const std::bad_alloc&) {
    service_.count(&SinkCounts::memory_refused);
    refuse(429, "the sink is out of memory");
  }
  if (parser_.stage() != stage_) {
    stage_ = parser_.stage();
    stage_since_ = now;
  }
  return good;
}

bool HttpSession::take_some(std::string_view& bytes) {
  if (fresh_ && parser_.stage() == Http1Parser::Stage::between &&
      greeting_of(bytes) == Greeting::tls) {
    // Not TLS, but clients know "HTTP/" in place of a handshake, and say so.
    service_.count(&SinkCounts::protocol_errors);
    send(http1_refusal("400 Bad Request", misdirected(Greeting::tls)));
    closing_ = true;
    return true;
  }
  switch (parser_.feed(bytes)) {
    case Http1Parser::Status::need_more: break;
    case Http1Parser::Status::head:
      send("HTTP/1.1 100 Continue\r\n\r\n");
      // A body of length 0 is complete without another byte.
      if (bytes.empty() && parser_.feed(bytes) == Http1Parser::Status::ready) {
        serve();
      }
      break;
    case Http1Parser::Status::ready: serve(); break;
    case Http1Parser::Status::bad:
      service_.count(parser_.error() == 429 ? &SinkCounts::memory_refused
                                            : &SinkCounts::protocol_errors);
      refuse(parser_.error(), "");
      break;
  }
  return true;
}

// What came while an answer was held back or not yet read.
void HttpSession::go_on() {
  if (held_ || backlog_.empty()) {
    return;
  }
  const std::string rest = std::exchange(backlog_, {});
  backlog_holding_.release();
  if (!take(rest) && !closed_) {
    protocol_error();
  }
}

void HttpSession::serve() {
  fresh_ = false;
  handle(parser_.request());
  parser_.next();
  stage_ = Http1Parser::Stage::between;
}

// Answers a request that is not complete, and will not be.
void HttpSession::refuse(int status, std::string_view why) {
  close_after_ = true;
  if (status == 505 && parser_.request().method == "PRI") {
    answer(status, "text/plain", misdirected(Greeting::http2));
  } else if (status == 429) {
    answer(status, "text/plain", why.empty() ? k_no_memory : why, "Retry-After: 1\r\n");
  } else {
    answer(status, "text/plain", why.empty() ? reason(status) : why);
  }
  parser_.next();
}

void HttpSession::expire(Time now) {
  const SinkOptions& limits = service_.options();
  if (stage_ == Http1Parser::Stage::between || held_ || closing_) {
    return;
  }
  const bool head = stage_ == Http1Parser::Stage::head;
  if (now - stage_since_ > (head ? limits.head_timeout : limits.body_timeout)) {
    time_out();
    refuse(408, head ? "the head of the request was not complete in time"
                     : "the body of the request was not complete in time");
    flush();
  }
}

void HttpSession::handle(Http1Request& request) {
  close_after_ = !request.keep_alive;
  const std::string_view path = path_of(request.target);
  const auto signal = signal_of_path(path);
  if (!signal) {
    if (path == k_counts && (request.method == "GET" || request.method == "HEAD")) {
      return answer(200, "application/json", to_json(service_.counts(), false) + "\n");
    }
    return answer(404, "text/plain",
                  "the paths are /v1/traces, /v1/metrics, /v1/logs and /counts\n");
  }
  if (request.method == "OPTIONS") {
    return answer_preflight(request);
  }
  if (request.method != "POST") {
    return answer(405, "text/plain", "OTLP requests are POST\n", "Allow: POST, OPTIONS\r\n");
  }
  if (request.content_type.starts_with("application/grpc")) {
    const std::string why = misdirected(Greeting::http2);
    return answer(415, "text/plain", why + "\n");
  }
  const bool json = request.content_type == "application/json";
  if (!json && request.content_type != "application/x-protobuf") {
    return answer(415, "text/plain",
                  "content-type is not application/x-protobuf or application/json\n");
  }
  handle_export(request, *signal, json ? Encoding::json : Encoding::protobuf);
}

// A browser asks first whether a page from elsewhere may send. A receiver for tests lets it.
void HttpSession::answer_preflight(const Http1Request& request) {
  std::string extra = "Allow: POST, OPTIONS\r\n";
  if (!request.origin.empty()) {
    extra += "Access-Control-Allow-Methods: POST\r\nAccess-Control-Max-Age: 600\r\n";
  }
  if (!request.origin.empty() && !request.asked_headers.empty()) {
    extra += fmt::format("Access-Control-Allow-Headers: {}\r\n", request.asked_headers);
  }
  answer(204, "", "", extra);
}

void HttpSession::handle_export(Http1Request& request, Signal signal, Encoding encoding) {
  Incoming incoming{.signal = signal,
                    .encoding = encoding,
                    .body = bytes_of(request.body),
                    .wire_bytes = request.body_size};
  if (request.content_encoding == "gzip") {
    incoming.compression = Compression::gzip;
  } else if (request.content_encoding == "zstd") {
    incoming.compression = Compression::zstd;
  } else if (!request.content_encoding.empty() && request.content_encoding != "identity") {
    return answer(415, "text/plain", "content-encoding is not gzip, zstd or identity\n");
  }
  act(service_.handle(incoming), signal, encoding);
}

void HttpSession::act(const Reply& reply, Signal signal, Encoding encoding) {
  switch (reply.kind) {
    case Reply::Kind::accept: break;
    case Reply::Kind::unavailable:
    case Reply::Kind::out_of_memory: return answer_error(503, reply, encoding);
    case Reply::Kind::exhausted: return answer_error(429, reply, encoding);
    case Reply::Kind::invalid: return answer_error(400, reply, encoding);
    case Reply::Kind::goaway: close_after_ = true; return answer_error(503, reply, encoding);
    case Reply::Kind::refuse: return drop();
    case Reply::Kind::reset: return abort();
    case Reply::Kind::hang: held_ = true; return;
    case Reply::Kind::garbage:
      send("\x01\x02 this is not HTTP\r\n\r\n");
      closing_ = true;
      return;
  }
  std::string body;
  const bool partial = reply.rejected != 0 || !reply.message.empty();
  if (encoding == Encoding::json) {
    body = partial ? fmt::format(R"({{"partialSuccess":{{"{}":"{}","errorMessage":{}}}}})",
                                 rejected_name(signal), reply.rejected, quoted(reply.message))
                   : "{}";
  } else {
    body = encode_partial_success(
        {.present = partial, .rejected = reply.rejected, .message = reply.message});
  }
  if (reply.delay.count() > 0) {
    std::string sent = std::move(pending_);
    pending_.clear();
    answer(200, encoding == Encoding::json ? "application/json" : "application/x-protobuf", body);
    held_answer_ = std::move(pending_);
    pending_ = std::move(sent);
    held_ = true;
    held_close_ = close_after_;
    closing_ = false;
    loop_.at(Clock::now() + reply.delay, *this, 0);
    return;
  }
  answer(200, encoding == Encoding::json ? "application/json" : "application/x-protobuf", body);
}

void HttpSession::answer_error(int status, const Reply& reply, Encoding encoding) {
  std::string extra;
  if (reply.retry_after) {
    const auto whole = std::chrono::ceil<std::chrono::seconds>(*reply.retry_after).count();
    extra = fmt::format("Retry-After: {}\r\n", whole);
  }
  told_ = reply.message;
  const int code = status == 503 ? 14 : status == 429 ? 8 : 3;
  const bool json = encoding == Encoding::json;
  const std::string body =
      json ? fmt::format(R"({{"code":{},"message":{}}})", code, quoted(reply.message))
           : encode_status(
                 {.code = code, .message = reply.message, .retry_after = reply.retry_after});
  answer(status, json ? "application/json" : "application/x-protobuf", body, extra);
}

void HttpSession::answer(int status, std::string_view type, std::string_view body,
                         std::string_view extra) {
  const Http1Request& request = parser_.request();
  const std::string_view path = path_of(request.target);
  if (path != k_counts) {
    const std::string_view why = status < 300 ? "" : told_.empty() ? trim(body) : told_;
    service_.note(request.method.empty()
                      ? "HTTP (a request without its head)"
                      : fmt::format("HTTP {} {}", request.method, printable(request.target)),
                  request.headers,
                  fmt::format("{} {}", status, why.empty() ? reason(status) : why));
    told_.clear();
  }
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, reason(status));
  if (status != 204) {
    head += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", type, body.size());
  }
  if (!request.origin.empty() && path.starts_with("/v1/")) {
    head += fmt::format(
        "Access-Control-Allow-Origin: {}\r\nAccess-Control-Allow-Credentials: true\r\n"
        "Vary: Origin\r\n",
        request.origin);
  }
  head += extra;
  head += close_after_ ? "Connection: close\r\n\r\n" : "\r\n";
  send(std::move(head));
  if (request.method != "HEAD") {
    send(std::string(body));
  }
  closing_ = closing_ || close_after_;
}

}  // namespace

std::unique_ptr<Session> make_http_session(Channel channel, Service& service, Loop& loop) {
  return std::make_unique<HttpSession>(std::move(channel), service, loop);
}

}  // namespace obsctl::otlp
