// SPDX-License-Identifier: Apache-2.0
// The HTTP/1.1 request parser. Everything it does not understand is an error: a test tool that
// guesses would hide a broken client.
#include "lib/sink/http1.hpp"

#include <algorithm>
#include <charconv>

#include "lib/base/text.hpp"
#include "lib/sink/headers.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_max_head = 64 * 1024;
constexpr std::size_t k_max_line = 256;
constexpr std::size_t k_max_shown = 100;  // headers

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}

// A NUL or a lone CR ends a value for some programs and not for others (RFC 9110, 5.5).
bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool parse_number(std::string_view text, int base, std::uint64_t& into) {
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, into, base);
  return !text.empty() && parsed.ec == std::errc{} && parsed.ptr == end;
}

}  // namespace

void Http1Parser::next() {
  state_ = State::head;
  line_.clear();
  left_ = trailer_bytes_ = 0;
  chunked_ = has_length_ = told_head_ = false;
  std::string body = std::move(request_.body);  // keeps its capacity, when it is small
  holding_.release(body);
  holding_.release(head_);
  request_ = Http1Request{};
  request_.body = std::move(body);
}

Http1Parser::Status Http1Parser::feed(std::string_view& input) {
  while (true) {
    Status status = Status::need_more;
    switch (state_) {
      case State::head:
        status = feed_head(input);
        if (status == Status::head && !request_.expects_continue) {
          continue;
        }
        break;
      case State::body: status = feed_body(input, State::head); break;
      default: status = feed_chunked(input); break;
    }
    return status;
  }
}

Http1Parser::Status Http1Parser::feed_head(std::string_view& input) {
  // The empty line may be split anywhere, so the search starts in what is already there.
  const std::size_t start = head_.size() > 3 ? head_.size() - 3 : 0;
  std::size_t take = std::min(input.size(), k_max_head + 4 - head_.size());
  if (const auto whole = input.find("\r\n\r\n"); head_.empty() && whole < take) {
    take = whole + 4;  // what follows is the body's, and not copied twice
  }
  const std::size_t before = head_.size();
  if (!holding_.reserve(head_, take)) {
    return fail(429);
  }
  head_.append(input.substr(0, take));
  if (!head_.empty() && !is_token(std::string_view(head_).substr(0, 1))) {
    return fail(400);  // a TLS greeting, for one, would wait for ever for its empty line
  }
  const auto end = head_.find("\r\n\r\n", start);
  if (end == std::string::npos) {
    input.remove_prefix(take);
    return head_.size() > k_max_head ? fail(431) : Status::need_more;
  }
  input.remove_prefix(end + 4 - before);
  head_.resize(end + 2);
  if (const Status status = parse_head(); status == Status::bad) {
    return status;
  }
  state_ = chunked_ ? State::chunk_size : State::body;
  return Status::head;
}

Http1Parser::Status Http1Parser::parse_head() {
  const std::string_view head = head_;
  std::size_t at = head.find("\r\n");
  if (parse_request_line(head.substr(0, at)) == Status::bad) {
    return Status::bad;
  }
  for (at += 2; at < head.size();) {
    const auto end = head.find("\r\n", at);
    if (parse_header(head.substr(at, end - at)) == Status::bad) {
      return Status::bad;
    }
    at = end + 2;
  }
  if (chunked_ && has_length_) {
    return fail(400);  // two lengths: request smuggling
  }
  return left_ > max_body_ ? fail(413) : Status::head;
}

Http1Parser::Status Http1Parser::parse_request_line(std::string_view first) {
  const auto space = first.find(' ');
  const auto last = first.rfind(' ');
  if (space == std::string_view::npos || last == space || !is_token(first.substr(0, space))) {
    return fail(400);
  }
  const std::string_view version = first.substr(last + 1);
  request_.method = first.substr(0, space);
  request_.target = first.substr(space + 1, last - space - 1);
  if (request_.target.empty() || has_control(request_.target) ||
      request_.target.find_first_of(" \t") != std::string::npos) {
    return fail(400);
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return fail(505);
  }
  request_.keep_alive = version == "HTTP/1.1";
  return Status::head;
}

Http1Parser::Status Http1Parser::parse_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return fail(400);
  }
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (has_control(line)) {
    return fail(400);
  }
  if (keep_headers_ && request_.headers.size() < k_max_shown) {
    request_.headers.push_back(shown_header(name, value));
  }
  if (name == "content-length") {
    std::uint64_t length = 0;
    if (!parse_number(value, 10, length) || (has_length_ && length != left_)) {
      return fail(400);
    }
    left_ = length;
    has_length_ = true;
  } else if (name == "transfer-encoding") {
    if (lower(value) != "chunked" || chunked_) {
      return fail(501);
    }
    chunked_ = true;
  } else if (name == "content-type") {
    request_.content_type = lower(trim(value.substr(0, value.find(';'))));
  } else if (name == "content-encoding") {
    request_.content_encoding = lower(value);
  } else if (name == "connection") {
    const std::string tokens = lower(value);
    request_.keep_alive = tokens.find("close") == std::string::npos &&
                          (request_.keep_alive || tokens.find("keep-alive") != std::string::npos);
  } else if (name == "origin") {
    request_.origin = value;
  } else if (name == "access-control-request-headers") {
    request_.asked_headers = value;
  } else if (name == "expect") {
    request_.expects_continue = lower(value) == "100-continue";
  }
  return Status::head;
}

Http1Parser::Status Http1Parser::feed_body(std::string_view& input, State after) {
  const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), left_));
  request_.body_size += take;
  if (keep_body_) {
    if (!holding_.reserve(request_.body, take)) {
      return fail(429);
    }
    request_.body.append(input.substr(0, take));
  }
  input.remove_prefix(take);
  left_ -= take;
  if (left_ > 0) {
    return Status::need_more;
  }
  state_ = after;
  return Status::ready;
}

Http1Parser::Status Http1Parser::feed_line(std::string_view& input, std::string& line,
                                           bool& complete) {
  const auto end = input.find('\n');
  const auto take = end == std::string_view::npos ? input.size() : end + 1;
  if (line.size() + take > k_max_line) {
    return fail(400);
  }
  line.append(input.substr(0, take));
  input.remove_prefix(take);
  complete = line.ends_with("\r\n");
  if (!complete && line.ends_with('\n')) {
    return fail(400);
  }
  return Status::need_more;
}

Http1Parser::Status Http1Parser::feed_chunked(std::string_view& input) {
  while (!input.empty()) {
    if (state_ == State::chunk) {
      if (feed_body(input, State::chunk_end) == Status::need_more) {
        return Status::need_more;
      }
      continue;
    }
    bool complete = false;
    if (feed_line(input, line_, complete) == Status::bad) {
      return Status::bad;
    }
    if (!complete) {
      return Status::need_more;
    }
    std::string_view line = line_;
    line.remove_suffix(2);
    if (has_control(line)) {
      return fail(400);
    }
    if (state_ == State::chunk_end) {
      if (!line.empty()) {
        return fail(400);
      }
      state_ = State::chunk_size;
    } else if (state_ == State::chunk_size) {
      if (!parse_number(trim(line.substr(0, line.find(';'))), 16, left_)) {
        return fail(400);
      }
      if (left_ > max_body_ || request_.body_size + left_ > max_body_) {
        return fail(413);
      }
      state_ = left_ == 0 ? State::trailer : State::chunk;
    } else if (line.empty()) {
      line_.clear();
      return Status::ready;
    } else if ((trailer_bytes_ += line.size()) > k_max_head) {
      return fail(431);
    }
    line_.clear();
  }
  return Status::need_more;
}

}  // namespace obsctl::otlp
