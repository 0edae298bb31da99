// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 requests from a byte stream: incremental, bounded, strict where ambiguity is dangerous.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sink/budget.hpp"

namespace obsctl::otlp {

struct Http1Request {
  std::string method = {};
  std::string target = {};
  std::string content_type = {};
  std::string content_encoding = {};
  std::string origin = {};         // of the web page that a browser sends for
  std::string asked_headers = {};  // Access-Control-Request-Headers
  std::string body = {};
  std::uint64_t body_size = 0;  // also when the body was not kept
  bool keep_alive = true;
  bool expects_continue = false;          // "Expect: 100-continue"
  std::vector<std::string> headers = {};  // as shown_header() shows them, when they are kept
};

class Http1Parser {
 public:
  // `keep_body` false: bodies are counted and dropped. What is kept is taken from `budget`.
  Http1Parser(std::size_t max_body, bool keep_body, Budget& budget, bool keep_headers = false)
      : max_body_(max_body), keep_body_(keep_body), keep_headers_(keep_headers), holding_(budget) {}

  enum class Status : std::uint8_t {
    need_more,
    head,   // the head is complete and the client may be waiting for "100 Continue"
    ready,  // request() is complete
    bad,    // error() is the HTTP status to answer before closing
  };

  enum class Stage : std::uint8_t { between, head, body };
  [[nodiscard]] Stage stage() const {
    return state_ != State::head ? Stage::body : head_.empty() ? Stage::between : Stage::head;
  }

  // Takes bytes from the front of `input` and stops after one request.
  Status feed(std::string_view& input);

  [[nodiscard]] Http1Request& request() { return request_; }
  [[nodiscard]] int error() const { return error_; }
  void next();  // prepares for the next request

 private:
  enum class State : std::uint8_t { head, body, chunk_size, chunk, chunk_end, trailer };

  Status feed_head(std::string_view& input);
  Status parse_head();
  Status parse_request_line(std::string_view line);
  Status parse_header(std::string_view line);
  Status feed_body(std::string_view& input, State after);
  Status feed_line(std::string_view& input, std::string& line, bool& complete);
  Status feed_chunked(std::string_view& input);
  Status fail(int status) {
    error_ = status;
    return Status::bad;
  }

  std::size_t max_body_;
  bool keep_body_;
  bool keep_headers_;
  Holding holding_;
  State state_ = State::head;
  std::string head_;
  std::string line_;
  std::uint64_t left_ = 0;  // of the body or chunk
  bool chunked_ = false;
  bool has_length_ = false;
  bool told_head_ = false;
  std::size_t trailer_bytes_ = 0;
  int error_ = 0;
  Http1Request request_;
};

}  // namespace obsctl::otlp
