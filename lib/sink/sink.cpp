// SPDX-License-Identifier: Apache-2.0
// The sink's loop: listeners, sessions, timers, one thread.
#include "lib/sink/sink.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <queue>
#include <thread>
#include <unordered_map>

#include "lib/otlp/poller.hpp"
#include "lib/sink/service.hpp"
#include "lib/sink/session.hpp"

namespace obsctl::otlp {
namespace {

constexpr std::size_t k_max_sessions = 4096;
constexpr auto k_idle = std::chrono::minutes(5);  // a silent connection is closed
constexpr auto k_sweep = std::chrono::seconds(10);

// What epoll gives back: small numbers are the fixed descriptors, the others session ids.
enum Tag : std::uint64_t { k_wake = 0, k_grpc = 1, k_http = 2, k_first_session = 16 };

void* as_pointer(std::uint64_t tag) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(tag));
}

}  // namespace

class Sink::Impl final : public Timers {
 public:
  explicit Impl(SinkOptions options, Poller poller)
      : options_(std::move(options)), poller_(std::move(poller)), service_(options_) {}
  ~Impl() override { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> start();
  void stop();
  void at(Time when, Session& session, std::int64_t token) override {
    timers_.push({when, session.number, token});
  }

  [[nodiscard]] SinkCounts counts() const { return service_.counts(); }
  std::uint16_t grpc_port = 0;
  std::uint16_t http_port = 0;

 private:
  struct Timer {
    Time when;
    std::uint64_t session;
    std::int64_t token;
    bool operator>(const Timer& other) const { return when > other.when; }
  };

  void run();
  void handle(const epoll_event& event, Time now);
  void accept_from(const Fd& listener, bool grpc);
  void settle(Session& session);
  void run_timers(Time now);
  void sweep(Time now);
  [[nodiscard]] Time next_event(Time now) const;

  SinkOptions options_;
  Poller poller_;
  Service service_;
  TlsContext tls_;
  Fd grpc_listener_;
  Fd http_listener_;
  Fd wake_;
  std::atomic<bool> stopping_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::uint64_t next_id_ = k_first_session;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  Time next_sweep_ = {};
  std::thread thread_;
};

Result<void> Sink::Impl::start() {
  if (!options_.tls_cert.empty() || !options_.tls_key.empty()) {
    OBS_TRY_ASSIGN(tls_,
                   TlsContext::server(options_.tls_cert, options_.tls_key, options_.client_ca));
  }
  wake_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  poller_.watch(wake_.get(), EPOLLIN, as_pointer(k_wake), false);
  if (options_.grpc_port >= 0) {
    OBS_TRY_ASSIGN(
        grpc_listener_,
        listen_on(options_.host, static_cast<std::uint16_t>(options_.grpc_port), grpc_port));
    poller_.watch(grpc_listener_.get(), EPOLLIN, as_pointer(k_grpc), false);
  }
  if (options_.http_port >= 0) {
    OBS_TRY_ASSIGN(
        http_listener_,
        listen_on(options_.host, static_cast<std::uint16_t>(options_.http_port), http_port));
    poller_.watch(http_listener_.get(), EPOLLIN, as_pointer(k_http), false);
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

void Sink::Impl::stop() {
  if (!thread_.joinable()) {
    return;
  }
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  thread_.join();
  grpc_listener_ = Fd();
  http_listener_ = Fd();
}

void Sink::Impl::run() {
  bool interrupted = false;
  while (!stopping_) {
    const auto events = poller_.wait(next_event(Clock::now()), interrupted);
    const Time now = Clock::now();
    for (const epoll_event& event : events) {
      handle(event, now);
    }
    run_timers(now);
    sweep(now);
  }
  sessions_.clear();
}

Time Sink::Impl::next_event(Time now) const {
  const Time sweep = now + k_sweep;
  return timers_.empty() ? sweep : std::min(sweep, timers_.top().when);
}

void Sink::Impl::handle(const epoll_event& event, Time now) {
  const auto tag = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(event.data.ptr));
  if (tag == k_grpc) {
    return accept_from(grpc_listener_, true);
  }
  if (tag == k_http) {
    return accept_from(http_listener_, false);
  }
  const auto found = sessions_.find(tag);
  if (found == sessions_.end()) {
    return;
  }
  Session& session = *found->second;
  const bool readable = (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
  const bool writable = (event.events & EPOLLOUT) != 0;
  session.on_event(readable, writable, now);
  settle(session);
}

void Sink::Impl::accept_from(const Fd& listener, bool grpc) {
  while (true) {
    Fd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.open() || sessions_.size() >= k_max_sessions) {
      return;
    }
    service_.count(&SinkCounts::connections);
    Channel channel(std::move(socket));
    channel.set_no_delay();
    if (tls_.get() != nullptr && !channel.start_tls_server(tls_)) {
      return;
    }
    auto session = grpc ? make_grpc_session(std::move(channel), service_, *this)
                        : make_http_session(std::move(channel), service_, *this);
    service_.count(&SinkCounts::open_connections);
    session->number = next_id_++;
    Session& known = *session;
    sessions_.emplace(known.number, std::move(session));
    known.on_event(false, false, Clock::now());  // a server's SETTINGS do not wait for the client
    settle(known);
  }
}

void Sink::Impl::settle(Session& session) {
  if (session.closed()) {
    service_.count(&SinkCounts::open_connections, -1);
    sessions_.erase(session.number);
    return;
  }
  const std::uint32_t wanted = (session.wants_read() ? std::uint32_t{EPOLLIN} : 0U) |
                               (session.blocked() ? std::uint32_t{EPOLLOUT} : 0U);
  if (wanted != session.armed || session.armed == 0) {
    poller_.watch(session.fd(), wanted, as_pointer(session.number), session.watched);
    session.watched = true;
    session.armed = wanted;
  }
}

void Sink::Impl::run_timers(Time now) {
  while (!timers_.empty() && timers_.top().when <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (const auto found = sessions_.find(timer.session); found != sessions_.end()) {
      found->second->resume(timer.token);
      settle(*found->second);
    }
  }
}

void Sink::Impl::sweep(Time now) {
  if (now < next_sweep_) {
    return;
  }
  next_sweep_ = now + k_sweep;
  std::erase_if(sessions_, [&](const auto& entry) {
    const bool idle = now - entry.second->last_active() > k_idle && !entry.second->busy();
    if (idle) {
      service_.count(&SinkCounts::open_connections, -1);
    }
    return idle;
  });
}

Result<Sink> Sink::start(SinkOptions options) {
  OBS_TRY_ASSIGN(auto poller, Poller::create());
  auto impl = std::make_unique<Impl>(std::move(options), std::move(poller));
  OBS_TRY(impl->start());
  return Sink(std::move(impl));
}

Sink::Sink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sink::Sink(Sink&&) noexcept = default;
Sink& Sink::operator=(Sink&&) noexcept = default;
Sink::~Sink() = default;

std::uint16_t Sink::grpc_port() const {
  return impl_->grpc_port;
}
std::uint16_t Sink::http_port() const {
  return impl_->http_port;
}
SinkCounts Sink::counts() const {
  return impl_->counts();
}
void Sink::stop() {
  impl_->stop();
}

}  // namespace obsctl::otlp
