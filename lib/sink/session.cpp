// SPDX-License-Identifier: Apache-2.0
// Reading, writing and the TLS handshake of the sink's connections.
#include "lib/sink/session.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_read_size = 256 * 1024;
constexpr int k_reads_per_event = 4;  // then the other connections have their turn

}  // namespace

bool Session::handshake() {
  switch (channel_.handshake()) {
    case Io::done:
      ready_ = true;
      begin();
      return true;
    case Io::again: blocked_ = channel_.wants_write(); return false;
    case Io::closed:
    case Io::failed:
      service_.count(&SinkCounts::failed_handshakes);
      closed_ = true;
      return false;
  }
  return false;
}

void Session::read() {
  static thread_local std::vector<char> buffer(k_read_size);
  std::uint64_t total = 0;
  for (int i = 0; (i < k_reads_per_event || channel_.has_buffered()) && !closed_ && wants_read();
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

void Session::on_event(bool readable, bool writable, Time now) {
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
  flush();
}

void Session::flush() {
  std::uint64_t sent = 0;
  while (!closed_ && !blocked_) {
    if (!fill()) {
      closing_ = true;
    }
    if (outbox_.empty()) {
      break;
    }
    switch (outbox_.flush(channel_, sent)) {
      case Io::done: break;
      case Io::again: blocked_ = true; return;
      case Io::closed:
      case Io::failed: closed_ = true; return;
    }
  }
  if (closing_ && outbox_.empty() && !closed_) {
    channel_.shutdown();
    closed_ = true;
  }
}

}  // namespace obsctl::otlp
