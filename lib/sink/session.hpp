// SPDX-License-Identifier: Apache-2.0
// One connection to the sink: the channel and what the two protocols have in common.
#pragma once

#include <cstdint>
#include <memory>

#include "lib/otlp/net.hpp"
#include "lib/otlp/outbox.hpp"
#include "lib/sink/budget.hpp"
#include "lib/sink/greeting.hpp"
#include "lib/sink/service.hpp"

namespace obsctl::otlp {

class Session;

// What a session needs from the loop.
class Loop {
 public:
  virtual ~Loop() = default;
  // Calls session.resume(token) at `when`, unless the session is gone by then.
  virtual void at(Time when, Session& session, std::int64_t token) = 0;
  // Tells who runs the sink, but not for every request of a client that is wrong for ever.
  virtual void warn(std::string_view text) = 0;
  [[nodiscard]] virtual Budget& budget() = 0;
  [[nodiscard]] virtual const Ports& ports() const = 0;
};

class Session {
 public:
  Session(Channel channel, Service& service, Loop& loop, bool grpc)
      : channel_(std::move(channel)),
        service_(service),
        loop_(loop),
        grpc_(grpc),
        opened_(Clock::now()),
        last_active_(opened_) {}
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // `broken`: the peer has reset or left the connection.
  void on_event(bool readable, bool writable, bool broken, Time now);
  virtual void resume(std::int64_t token) = 0;
  // Ends what has taken too long, by now.
  void check(Time now);
  // Closes without another word.
  void drop() { closed_ = true; }

  [[nodiscard]] int fd() const { return channel_.fd(); }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool blocked() const { return blocked_; }
  [[nodiscard]] bool wants_read() const { return lingering_ || takes_in(); }
  [[nodiscard]] Time last_active() const { return last_active_; }
  [[nodiscard]] virtual bool busy() const = 0;  // has requests that are not answered

  std::uint64_t number = 0;  // never used twice, for timers
  std::uint32_t armed = 0;   // epoll events
  bool watched = false;      // known to epoll

 protected:
  // False while an answer is being held back and nothing more may be taken in.
  [[nodiscard]] virtual bool takes_in() const { return true; }
  virtual bool receive(std::string_view bytes) = 0;  // false: the peer broke the protocol
  virtual bool fill() { return true; }  // puts what is due into the outbox; false: over
  virtual void expire(Time now) = 0;    // ends requests that are not complete in time
  void flush();
  void abort() {
    channel_.abort();
    closed_ = true;
  }
  void protocol_error() {
    service_.count(&SinkCounts::protocol_errors);
    closed_ = true;
  }
  void time_out() { service_.count(&SinkCounts::timed_out); }
  // Warns about a client that is at the wrong port, and what it should do.
  std::string misdirected(Greeting came);

  Channel channel_;
  Outbox outbox_;
  Service& service_;
  Loop& loop_;
  const bool grpc_;
  const Time opened_;
  bool closed_ = false;
  bool closing_ = false;  // close when the outbox is empty

 private:
  bool handshake();
  bool greet();
  void read();
  void linger();

  bool greeted_ = false;
  bool ready_ = false;
  bool blocked_ = false;
  bool lingering_ = false;  // everything is said; the peer may still be sending
  Time blocked_since_ = {};
  Time lingering_since_ = {};
  Time last_active_;
};

[[nodiscard]] std::unique_ptr<Session> make_grpc_session(Channel channel, Service& service,
                                                         Loop& loop);
[[nodiscard]] std::unique_ptr<Session> make_http_session(Channel channel, Service& service,
                                                         Loop& loop);

}  // namespace obsctl::otlp
