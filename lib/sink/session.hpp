// SPDX-License-Identifier: Apache-2.0
// One connection to the sink: the channel and what the two protocols have in common.
#pragma once

#include <cstdint>
#include <memory>

#include "lib/otlp/net.hpp"
#include "lib/otlp/outbox.hpp"
#include "lib/sink/service.hpp"

namespace obsctl::otlp {

class Session;

// What a session needs from the loop.
class Timers {
 public:
  virtual ~Timers() = default;
  // Calls session.resume(token) at `when`, unless the session is gone by then.
  virtual void at(Time when, Session& session, std::int64_t token) = 0;
};

class Session {
 public:
  Session(Channel channel, Service& service, Timers& timers)
      : channel_(std::move(channel)),
        service_(service),
        timers_(timers),
        last_active_(Clock::now()) {}
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void on_event(bool readable, bool writable, Time now);
  virtual void resume(std::int64_t token) = 0;

  [[nodiscard]] int fd() const { return channel_.fd(); }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool blocked() const { return blocked_; }
  // False while an answer is being held back and nothing more may be taken in.
  [[nodiscard]] virtual bool wants_read() const { return true; }
  [[nodiscard]] Time last_active() const { return last_active_; }
  [[nodiscard]] virtual bool busy() const = 0;  // has requests that are not answered

  std::uint64_t number = 0;  // never used twice, for timers
  std::uint32_t armed = 0;   // epoll events
  bool watched = false;      // known to epoll

 protected:
  virtual void begin() {}                            // handshake done
  virtual bool receive(std::string_view bytes) = 0;  // false: the peer broke the protocol
  virtual bool fill() { return true; }  // puts what is due into the outbox; false: over
  void flush();
  void close() { closed_ = true; }
  void abort() {
    channel_.abort();
    closed_ = true;
  }
  void protocol_error() {
    service_.count(&SinkCounts::protocol_errors);
    closed_ = true;
  }

  Channel channel_;
  Outbox outbox_;
  Service& service_;
  Timers& timers_;
  bool closed_ = false;
  bool closing_ = false;  // close when the outbox is empty

 private:
  bool handshake();
  void read();

  bool ready_ = false;
  bool blocked_ = false;
  Time last_active_;
};

[[nodiscard]] std::unique_ptr<Session> make_grpc_session(Channel channel, Service& service,
                                                         Timers& timers);
[[nodiscard]] std::unique_ptr<Session> make_http_session(Channel channel, Service& service,
                                                         Timers& timers);

}  // namespace obsctl::otlp
