// SPDX-License-Identifier: Apache-2.0
// The sink's loop: listeners, sessions, timers, one thread.
#include "lib/sink/sink.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <new>
#include <optional>
#include <queue>
#include <thread>
#include <unordered_map>

#include "lib/otlp/poller.hpp"
#include "lib/sink/service.hpp"
#include "lib/sink/session.hpp"

namespace obsctl::otlp {
namespace {

constexpr auto k_sweep = std::chrono::seconds(1);  // how often deadlines are looked at
constexpr auto k_pause = std::chrono::milliseconds(100);
constexpr auto k_fresh = std::chrono::seconds(1);  // who just came may be about to speak
constexpr int k_accepts_per_event = 64;            // then the connections have their turn

// What epoll gives back: small numbers are the fixed descriptors, the others session ids.
enum Tag : std::uint64_t { k_wake = 0, k_grpc = 1, k_http = 2, k_first_session = 16 };

void* as_pointer(std::uint64_t tag) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(tag));
}

}  // namespace

class Sink::Impl final : public Loop {
 public:
  explicit Impl(SinkOptions options, Poller poller)
      : options_(std::move(options)),
        poller_(std::move(poller)),
        service_(options_),
        budget_(options_.memory) {}
  ~Impl() override { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> start();
  void stop();
  void at(Time when, Session& session, std::int64_t token) override {
    timers_.push({when, session.number, token});
  }

  void warn(std::string_view text) override;
  [[nodiscard]] Budget& budget() override { return budget_; }
  [[nodiscard]] const Ports& ports() const override { return ports_; }

  [[nodiscard]] SinkCounts counts() const { return service_.counts(); }

 private:
  struct Timer {
    Time when;
    std::uint64_t session;
    std::int64_t token;
    bool operator>(const Timer& other) const { return when > other.when; }
  };

  Result<void> listen(int port, Fd& listener, std::uint16_t& actual, Tag tag);
  void run();
  void turn();
  void handle(const epoll_event& event, Time now);
  void accept_from(const Fd& listener, bool grpc);
  void open(Fd socket, bool grpc);
  bool close_oldest_idle();
  void pause(std::string_view why);
  void listen_again(Time now);
  template <class F>
  void with(Session& session, F&& work);
  void settle(Session& session);
  void run_timers(Time now);
  void sweep(Time now);
  [[nodiscard]] Time next_event(Time now) const;

  SinkOptions options_;
  Poller poller_;
  Service service_;
  Budget budget_;
  Ports ports_;
  TlsContext grpc_tls_;
  TlsContext http_tls_;
  Fd grpc_listener_;
  Fd http_listener_;
  Fd wake_;
  std::atomic<bool> stopping_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::uint64_t next_id_ = k_first_session;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  Time next_sweep_ = {};
  std::optional<Time> paused_until_;
  std::map<std::string, std::uint64_t, std::less<>> warned_;
  std::thread thread_;
};

Result<void> Sink::Impl::start() {
  if (options_.grpc_port < 0 && options_.http_port < 0) {
    return fail(Code::usage, "the sink has no port to listen on: both are -1",
                "leave out --grpc-port or --http-port");
  }
  if (!options_.tls_cert.empty() || !options_.tls_key.empty()) {
    const auto context = [this](Alpn alpn) {
      return TlsContext::server(options_.tls_cert, options_.tls_key, options_.client_ca, alpn);
    };
    OBS_TRY_ASSIGN(grpc_tls_, context(Alpn::h2));
    OBS_TRY_ASSIGN(http_tls_, context(Alpn::http11));
    ports_.tls = true;
  }
  wake_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  poller_.watch(wake_.get(), EPOLLIN, as_pointer(k_wake), false);
  OBS_TRY(listen(options_.grpc_port, grpc_listener_, ports_.grpc, k_grpc));
  OBS_TRY(listen(options_.http_port, http_listener_, ports_.http, k_http));
  thread_ = std::thread([this] { run(); });
  return {};
}

Result<void> Sink::Impl::listen(int port, Fd& listener, std::uint16_t& actual, Tag tag) {
  if (port < 0) {
    return {};
  }
  OBS_TRY_ASSIGN(listener, listen_on(options_.host, static_cast<std::uint16_t>(port), actual));
  poller_.watch(listener.get(), EPOLLIN, as_pointer(tag), false);
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
  while (!stopping_) {
    try {
      turn();
    } catch (const std::bad_alloc&) {
      service_.count(&SinkCounts::memory_refused);
    }
  }
  sessions_.clear();
}

void Sink::Impl::turn() {
  bool interrupted = false;
  const auto events = poller_.wait(next_event(Clock::now()), interrupted);
  const Time now = Clock::now();
  for (const epoll_event& event : events) {
    handle(event, now);
  }
  listen_again(now);
  run_timers(now);
  sweep(now);
}

Time Sink::Impl::next_event(Time now) const {
  Time next = now + k_sweep;
  if (paused_until_) {
    next = std::min(next, *paused_until_);
  }
  return timers_.empty() ? next : std::min(next, timers_.top().when);
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
  const bool broken = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
  const bool readable = broken || (event.events & EPOLLIN) != 0;
  const bool writable = (event.events & EPOLLOUT) != 0;
  with(session, [&] { session.on_event(readable, writable, broken, now); });
}

// Without memory for one connection, that connection ends, and no other.
template <class F>
void Sink::Impl::with(Session& session, F&& work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    service_.count(&SinkCounts::memory_refused);
    session.drop();
  }
  settle(session);
}

void Sink::Impl::accept_from(const Fd& listener, bool grpc) {
  for (int i = 0; i < k_accepts_per_event; ++i) {
    if (sessions_.size() >= options_.max_connections && !close_oldest_idle()) {
      return pause(fmt::format("all {} connections are in use: new ones wait", sessions_.size()));
    }
    Fd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.open()) {
      open(std::move(socket), grpc);
      continue;
    }
    const int error = errno;
    if (error == EAGAIN) {
      return;
    }
    const bool used_up = error == EMFILE || error == ENFILE;
    if (used_up || error == ENOBUFS || error == ENOMEM) {
      warn(fmt::format("cannot take another connection: {}{}", errno_text(error),
                       used_up ? "; raise the limit with ulimit -n" : ""));
      if (!used_up || !close_oldest_idle()) {
        return pause("");
      }
    }
    // Any other error is that of one connection, which is gone.
  }
}

void Sink::Impl::open(Fd socket, bool grpc) {
  service_.count(&SinkCounts::connections);
  Channel channel(std::move(socket));
  channel.set_no_delay();
  const TlsContext& tls = grpc ? grpc_tls_ : http_tls_;
  if (tls.get() != nullptr && !channel.start_tls_server(tls)) {
    return;
  }
  const std::uint64_t number = next_id_++;
  try {
    sessions_.emplace(number, grpc ? make_grpc_session(std::move(channel), service_, *this)
                                   : make_http_session(std::move(channel), service_, *this));
  } catch (const std::bad_alloc&) {
    return service_.count(&SinkCounts::memory_refused);
  }
  service_.count(&SinkCounts::open_connections);
  Session& session = *sessions_.at(number);
  session.number = number;
  with(session, [&] { session.on_event(false, false, false, Clock::now()); });
}

// Silent connections must not shut out who has something to say.
bool Sink::Impl::close_oldest_idle() {
  const Time now = Clock::now();
  auto oldest = sessions_.end();
  for (auto one = sessions_.begin(); one != sessions_.end(); ++one) {
    const Session& session = *one->second;
    const bool idle = !session.busy() && now - session.last_active() > k_fresh;
    if (idle &&
        (oldest == sessions_.end() || session.last_active() < oldest->second->last_active())) {
      oldest = one;
    }
  }
  if (oldest == sessions_.end()) {
    return false;
  }
  service_.count(&SinkCounts::idle_closed);
  oldest->second->drop();
  settle(*oldest->second);
  return true;
}

// Does not listen for a moment: epoll would report the waiting connections again and again.
void Sink::Impl::pause(std::string_view why) {
  if (!why.empty()) {
    warn(why);
  }
  poller_.forget(grpc_listener_.get());
  poller_.forget(http_listener_.get());
  paused_until_ = Clock::now() + k_pause;
}

void Sink::Impl::listen_again(Time now) {
  if (!paused_until_ || now < *paused_until_) {
    return;
  }
  paused_until_.reset();
  for (const auto& [listener, tag] :
       {std::pair(grpc_listener_.get(), k_grpc), std::pair(http_listener_.get(), k_http)}) {
    if (listener >= 0) {
      poller_.watch(listener, EPOLLIN, as_pointer(tag), false);
    }
  }
}

// Told at the first, 10th, 100th … time, since a client that is wrong once is wrong for ever.
void Sink::Impl::warn(std::string_view text) {
  constexpr std::size_t k_kinds = 100;
  if (!options_.warn || (warned_.size() >= k_kinds && !warned_.contains(text))) {
    return;
  }
  std::uint64_t& times = warned_[std::string(text)];
  ++times;
  std::uint64_t power = 1;
  while (power < times) {
    power *= 10;
  }
  if (power == times) {
    options_.warn(times == 1 ? std::string(text)
                             : fmt::format("{} ({} times so far)", text, times));
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
      Session& session = *found->second;
      with(session, [&] { session.resume(timer.token); });
    }
  }
}

void Sink::Impl::sweep(Time now) {
  if (now < next_sweep_) {
    return;
  }
  // After a large request the loop is late, and what the peers have sent meanwhile is read first.
  const bool late = now - next_sweep_ > 2 * k_sweep;
  next_sweep_ = now + k_sweep;
  if (late) {
    return;
  }
  std::vector<Session*> all;
  for (const auto& [number, session] : sessions_) {
    all.push_back(session.get());
  }
  for (Session* session : all) {
    with(*session, [&] { session->check(now); });
  }
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
  return impl_->ports().grpc;
}
std::uint16_t Sink::http_port() const {
  return impl_->ports().http;
}
SinkCounts Sink::counts() const {
  return impl_->counts();
}
void Sink::stop() {
  impl_->stop();
}

}  // namespace obsctl::otlp
