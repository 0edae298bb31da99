// SPDX-License-Identifier: Apache-2.0
// The sink's HTTP/1.1 side: OTLP requests, and GET /counts for whoever watches.
#include <fmt/format.h>

#include <array>

#include "lib/base/text.hpp"
#include "lib/otlp/response.hpp"
#include "lib/sink/http1.hpp"
#include "lib/sink/session.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_max_backlog = 1U
                                      << 20;  // pipelined bytes kept while an answer is held back

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
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

std::optional<Signal> signal_of_path(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
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
  HttpSession(Channel channel, Service& service, Timers& timers)
      : Session(std::move(channel), service, timers),
        parser_(service.options().max_message, service.options().depth != Depth::requests,
                static_cast<bool>(service.options().note)) {}

  void resume(std::int64_t /*token*/) override {
    held_ = false;
    send(std::move(held_answer_));
    std::string rest = std::move(backlog_);
    backlog_.clear();
    if (!take(rest) && !closed_) {
      protocol_error();
    }
    flush();
  }
  [[nodiscard]] bool wants_read() const override { return !held_ && pending_.empty(); }
  [[nodiscard]] bool busy() const override { return held_; }

 private:
  bool receive(std::string_view bytes) override { return take(bytes); }
  bool fill() override {
    const std::size_t taken = outbox_.copy(pending_.data(), pending_.size());
    pending_.erase(0, taken);
    return true;
  }

  bool take(std::string_view bytes);
  void handle(Http1Request& request);
  void handle_export(Http1Request& request, Signal signal, Encoding encoding);
  void act(const Reply& reply, Signal signal, Encoding encoding);
  void answer_error(int status, const Reply& reply, Encoding encoding);
  void answer(int status, std::string_view type, std::string_view body,
              std::string_view extra = {});
  void send(std::string text) { pending_ += text; }

  Http1Parser parser_;
  std::string pending_;  // answers on their way into the outbox
  std::string held_answer_;
  std::string told_;  // why a request was refused, for who reads along
  std::string backlog_;
  bool held_ = false;
  bool close_after_ = false;
};

bool HttpSession::take(std::string_view bytes) {
  while (!bytes.empty() && !closed_ && !closing_) {
    if (held_) {
      backlog_.append(bytes);
      return backlog_.size() <= k_max_backlog;
    }
    switch (parser_.feed(bytes)) {
      case Http1Parser::Status::need_more: return true;
      case Http1Parser::Status::head:
        send("HTTP/1.1 100 Continue\r\n\r\n");
        // A body of length 0 is complete without another byte.
        if (bytes.empty() && parser_.feed(bytes) == Http1Parser::Status::ready) {
          handle(parser_.request());
          parser_.next();
        }
        break;
      case Http1Parser::Status::ready:
        handle(parser_.request());
        parser_.next();
        break;
      case Http1Parser::Status::bad:
        service_.count(&SinkCounts::protocol_errors);
        close_after_ = true;
        answer(parser_.error(), "text/plain", reason(parser_.error()));
        return true;
    }
  }
  return true;
}

void HttpSession::handle(Http1Request& request) {
  close_after_ = !request.keep_alive;
  const auto signal = signal_of_path(request.target);
  if (!signal) {
    if (request.target == "/counts" && request.method == "GET") {
      return answer(200, "application/json", to_json(service_.counts(), false) + "\n");
    }
    return answer(404, "text/plain",
                  "the paths are /v1/traces, /v1/metrics, /v1/logs and /counts\n");
  }
  if (request.method != "POST") {
    return answer(405, "text/plain", "OTLP requests are POST\n", "Allow: POST\r\n");
  }
  const bool json = request.content_type == "application/json";
  if (!json && request.content_type != "application/x-protobuf") {
    return answer(415, "text/plain",
                  "content-type is not application/x-protobuf or application/json\n");
  }
  handle_export(request, *signal, json ? Encoding::json : Encoding::protobuf);
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
    case Reply::Kind::refuse: return close();
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
    closing_ = false;
    timers_.at(Clock::now() + reply.delay, *this, 0);
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
  if (request.target != "/counts") {
    const std::string_view why = status == 200 ? "" : told_.empty() ? trim(body) : told_;
    service_.note(fmt::format("HTTP {} {}", request.method, request.target), request.headers,
                  fmt::format("{} {}", status, why.empty() ? reason(status) : why));
    told_.clear();
  }
  send(fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}{}\r\n{}", status,
                   reason(status), type, body.size(), extra,
                   close_after_ ? "Connection: close\r\n" : "", body));
  closing_ = closing_ || close_after_;
}

}  // namespace

std::unique_ptr<Session> make_http_session(Channel channel, Service& service, Timers& timers) {
  return std::make_unique<HttpSession>(std::move(channel), service, timers);
}

}  // namespace obsctl::otlp
