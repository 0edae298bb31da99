// SPDX-License-Identifier: Apache-2.0
// Reading, writing, the TLS handshake and the deadlines of the sink's connections.
#include "lib/sink/session.hpp"

#include <array>

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_read_size = 256 * 1024;
constexpr int k_reads_per_event = 4;                // then the other connections have their turn
constexpr auto k_idle = std::chrono::minutes(5);    // a silent connection is closed
constexpr auto k_linger = std::chrono::seconds(5);  // for the peer to read its last answer

}  // namespace

std::string Session::misdirected(Greeting came) {
  Ports ports = loop_.ports();
  ports.tls = ports.tls && !greeted_;  // a client that greeted in TLS needs no advice on that
  std::string text = wrong_port(came, grpc_, ports);
  if (!text.empty()) {
    loop_.warn(text);
  }
  return text;
}

// A client without TLS would see a damaged TLS alert; so its first bytes are looked at before.
bool Session::greet() {
  std::array<char, k_greeting> first{};
  std::size_t count = 0;
  const Io result = channel_.peek(first, count);
  if (result == Io::again) {
    return false;
  }
  const Greeting came = greeting_of({first.data(), count});
  if (result != Io::done || came == Greeting::unknown || came == Greeting::tls) {
    greeted_ = true;  // the handshake says what else is wrong
    return true;
  }
  service_.count(&SinkCounts::failed_handshakes);
  const std::string why = misdirected(came);
  if (came == Greeting::http1) {
    channel_.send_plain(http1_refusal("400 Bad Request", why));
  }
  linger();
  return false;
}

bool Session::handshake() {
  if (channel_.tls() && !greeted_ && !greet()) {
    return false;
  }
  switch (channel_.handshake()) {
    case Io::done: ready_ = true; return true;
    case Io::again: blocked_ = channel_.wants_write(); return false;
    case Io::closed:
    case Io::failed:
      service_.count(&SinkCounts::failed_handshakes);
      if (channel_.error().find("no application protocol") != std::string::npos) {
        misdirected(grpc_ ? Greeting::http1 : Greeting::http2);
      }
      linger();  // for the TLS alert to be read
      return false;
  }
  return false;
}

void Session::read() {
  static thread_local std::vector<char> buffer(k_read_size);
  std::uint64_t total = 0;
  for (int i = 0; (i < k_reads_per_event || channel_.has_buffered()) && !closed_ && takes_in();
       ++i) {
    std::size_t count = 0;
    const Io result = channel_.read(buffer, count);
    if (result == Io::again) {
      break;
    }
    if (result != Io::done) {
      closed_ = true;
      break;
    }
    total += count;
    if (!receive({buffer.data(), count})) {
      if (!closed_) {
        protocol_error();
      }
      break;
    }
    if (count < buffer.size() && !channel_.has_buffered()) {
      break;
    }
  }
  service_.count(&SinkCounts::socket_bytes, static_cast<std::int64_t>(total));
}

void Session::on_event(bool readable, bool writable, bool broken, Time now) {
  if (lingering_) {
    closed_ = channel_.discard() != Io::again;
    return;
  }
  last_active_ = now;
  if (writable) {
    blocked_ = false;
  }
  if (!ready_ && !handshake()) {
    return;
  }
  if (readable) {
    read();
  }
  if (!closed_) {
    flush();
  }
  // Nobody is there for the answer, and epoll would say so again and again.
  closed_ = closed_ || (broken && !wants_read());
}

void Session::flush() {
  std::uint64_t sent = 0;
  while (!closed_ && !blocked_ && !lingering_) {
    if (!fill()) {
      closing_ = true;
    }
    if (outbox_.empty()) {
      break;
    }
    switch (outbox_.flush(channel_, sent)) {
      case Io::done: break;
      case Io::again:
        blocked_ = true;
        blocked_since_ = last_active_;
        return;
      case Io::closed:
      case Io::failed: closed_ = true; return;
    }
  }
  if (closing_ && outbox_.empty() && !closed_ && !lingering_) {
    linger();
  }
}

void Session::linger() {
  channel_.end_output();
  lingering_ = true;
  lingering_since_ = Clock::now();
}

void Session::check(Time now) {
  const SinkOptions& limits = service_.options();
  if (lingering_) {
    closed_ = now - lingering_since_ > k_linger;
  } else if (!ready_) {
    closed_ = now - opened_ > limits.head_timeout;
  } else if (blocked_) {
    closed_ = now - blocked_since_ > limits.body_timeout;
  } else {
    expire(now);
    closed_ = closed_ || (!busy() && now - last_active_ > k_idle);
    return;
  }
  if (closed_ && !lingering_) {
    time_out();
  }
}

}  // namespace obsctl::otlp
