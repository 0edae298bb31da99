// SPDX-License-Identifier: Apache-2.0
// The gRPC client: places for connections, a pool of call slots, one epoll loop, deadlines in
// order.
#include "lib/otlp/grpc_client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/otlp/completions.hpp"
#include "lib/otlp/connect_error.hpp"
#include "lib/otlp/grpc_lane.hpp"
#include "lib/otlp/poller.hpp"

namespace obsctl::otlp {
class GrpcClient::Impl final : public GrpcEvents {
 public:
  using State = H2Connection::State;

  explicit Impl(ClientOptions options, Poller poller)
      : options_(std::move(options)), poller_(std::move(poller)) {}
  ~Impl() override {
    for (auto& lane : lanes_) {
      lane->connection.goodbye();
    }
    closing_ = true;
    lanes_.clear();
    retired_.clear();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> prepare();
  bool submit(const Request& request);
  std::span<const Completion> wait(Time deadline);
  Result<void> connect(Time deadline);
  void flush() { flush(Clock::now()); }

  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::size_t capacity() const;
  [[nodiscard]] const ClientStats& stats() const { return stats_; }

  void on_closed(GrpcCall& call, std::uint32_t h2_error, bool goaway) override;
  void on_lost(GrpcCall& call, const std::string& why) override;

 private:
  [[nodiscard]] std::size_t limit(const GrpcLane& lane) const;
  [[nodiscard]] bool may_start(const GrpcLane& lane, Time now) const;
  GrpcLane* pick(Time now);
  void start(GrpcLane& lane, Time now);
  void try_next_address(GrpcLane& lane, Time now);
  void settle(GrpcLane& lane, Time now);
  void settle_down(GrpcLane& lane, Time now);
  void flush(Time now);
  void expire(Time now);
  void expire(GrpcCall& call, Time now);
  void retire_draining();
  void drive(Time deadline, bool& interrupted);
  [[nodiscard]] Time next_event(Time deadline) const;
  Completion& complete(GrpcCall& call);
  void release(GrpcCall& call);
  void link(GrpcCall& call);
  void unlink(GrpcCall& call);

  ClientOptions options_;
  Poller poller_;
  TlsContext tls_;
  bool uses_tls_ = false;
  bool closing_ = false;
  std::vector<std::unique_ptr<GrpcTarget>> targets_;
  std::vector<std::unique_ptr<GrpcLane>> lanes_;
  std::vector<std::unique_ptr<GrpcLane>> retired_;  // draining: they finish what they carry
  std::vector<GrpcCall> calls_;
  GrpcCall* free_ = nullptr;
  GrpcCall* first_ = nullptr;  // by deadline, which is by order of submission
  GrpcCall* last_ = nullptr;
  std::size_t in_flight_ = 0;
  std::size_t cursor_ = 0;
  CompletionBuffer ready_;
  CompletionBuffer delivered_;
  ClientStats stats_;
  Time now_ = {};
};

Result<void> GrpcClient::Impl::prepare() {
  if (options_.endpoints.empty() || options_.connections == 0 || options_.streams == 0) {
    return fail(Code::usage, "a gRPC client needs an endpoint, a connection and a stream");
  }
  if (options_.encoding != Encoding::protobuf) {
    return fail(Code::usage, "OTLP over gRPC is protobuf only", "use OTLP over HTTP for JSON");
  }
  for (const Endpoint& endpoint : options_.endpoints) {
    OBS_TRY_ASSIGN(auto addresses, resolve(endpoint));
    uses_tls_ = uses_tls_ || endpoint.tls;
    targets_.push_back(std::make_unique<GrpcTarget>(
        GrpcTarget{endpoint, std::move(addresses), GrpcHeaders(endpoint, options_)}));
  }
  if (uses_tls_) {
    OBS_TRY_ASSIGN(tls_, TlsContext::client(options_.tls, "h2"));
  }
  for (unsigned i = 0; i < options_.connections; ++i) {
    const GrpcTarget& target = *targets_[i % targets_.size()];
    lanes_.push_back(std::make_unique<GrpcLane>(*this, target, stats_, options_.max_response));
    lanes_.back()->pending.reserve(options_.streams);
    lanes_.back()->next_address = i / targets_.size();
  }
  calls_.resize(std::size_t{options_.connections} * options_.streams);
  for (GrpcCall& call : calls_) {
    call.next = free_;
    free_ = &call;
  }
  return {};
}

std::size_t GrpcClient::Impl::limit(const GrpcLane& lane) const {
  const std::size_t own = options_.streams;
  return lane.connection.state() == State::ready
             ? std::min<std::size_t>(own, lane.connection.peer_limit())
             : own;
}

std::size_t GrpcClient::Impl::capacity() const {
  std::size_t sum = 0;
  for (const auto& lane : lanes_) {
    sum += limit(*lane);
  }
  return sum;
}

bool GrpcClient::Impl::may_start(const GrpcLane& lane, Time now) const {
  switch (lane.connection.state()) {
    case State::ready:
    case State::draining: return false;
    case State::down: return now >= lane.retry_at;
    default: return true;
  }
}

GrpcLane* GrpcClient::Impl::pick(Time now) {
  const std::size_t count = lanes_.size();
  for (const bool ready : {true, false}) {
    for (std::size_t i = 0; i < count; ++i) {
      GrpcLane& lane = *lanes_[(cursor_ + i) % count];
      const bool usable = ready ? lane.connection.state() == State::ready : may_start(lane, now);
      if (usable && lane.in_flight < limit(lane)) {
        cursor_ = (cursor_ + i + 1) % count;
        return &lane;
      }
    }
  }
  return nullptr;
}

bool GrpcClient::Impl::submit(const Request& request) {
  const Time now = Clock::now();
  now_ = now;
  if (request.body.size() > 0xffffffffU - 5) {
    Completion& one = ready_.add(request, now);
    one.outcome = Outcome::permanent;
    one.message = "a gRPC message cannot be larger than 4 GiB";
    return true;
  }
  GrpcLane* lane = free_ != nullptr ? pick(now) : nullptr;
  if (lane == nullptr) {
    const bool all_down = std::ranges::all_of(
        lanes_, [](const auto& one) { return one->connection.state() == State::down; });
    if (!all_down) {
      return false;
    }
    Completion& one = ready_.add(request, now);
    one.outcome = Outcome::transport;
    one.message = lanes_[cursor_ % lanes_.size()]->error;
    return true;
  }
  GrpcCall& call = *free_;
  free_ = call.next;
  call.reset(request);
  call.lane = lane;
  call.deadline = now + options_.timeout;
  link(call);
  ++in_flight_;
  ++lane->in_flight;
  if (lane->connection.state() == State::ready) {
    lane->connection.submit(call);
    lane->dirty = true;
  } else {
    lane->pending.push_back(&call);
    if (lane->connection.state() == State::down) {
      start(*lane, now);
    }
  }
  return true;
}

void GrpcClient::Impl::start(GrpcLane& lane, Time now) {
  lane.untried = lane.target.addresses.size();
  try_next_address(lane, now);
}

void GrpcClient::Impl::try_next_address(GrpcLane& lane, Time now) {
  const auto& addresses = lane.target.addresses;
  --lane.untried;
  lane.connect_deadline = now + options_.connect_timeout;
  lane.armed = 0;
  lane.was_ready = lane.settled = false;
  lane.connection.start(addresses[lane.next_address++ % addresses.size()], lane.target.endpoint,
                        lane.target.endpoint.tls ? &tls_ : nullptr, options_.tls);
  settle(lane, now);
}

// Brings a place in line with what its connection has become.
void GrpcClient::Impl::settle(GrpcLane& lane, Time now) {
  H2Connection& connection = lane.connection;
  if (connection.state() == State::ready) {
    if (!lane.was_ready) {
      lane.was_ready = true;
      lane.backoff = k_first_backoff;
    }
    const std::size_t already = lane.in_flight - lane.pending.size();
    const std::size_t room = limit(lane) > already ? limit(lane) - already : 0;
    const auto take = static_cast<std::ptrdiff_t>(std::min(room, lane.pending.size()));
    for (auto call = lane.pending.begin(); call != lane.pending.begin() + take; ++call) {
      connection.submit(**call);
      lane.dirty = true;
    }
    lane.pending.erase(lane.pending.begin(), lane.pending.begin() + take);
  }
  if (lane.dirty && connection.state() != State::down) {
    lane.dirty = false;
    connection.flush(now);
  }
  if (connection.state() == State::down) {
    return settle_down(lane, now);
  }
  const std::uint32_t wanted = EPOLLIN | (connection.blocked() ? std::uint32_t{EPOLLOUT} : 0U);
  if (wanted != lane.armed) {
    poller_.watch(connection.fd(), wanted, &lane, lane.armed != 0);
    lane.armed = wanted;
  }
}

void GrpcClient::Impl::settle_down(GrpcLane& lane, Time now) {
  if (lane.settled) {
    return;
  }
  // Many hosts resolve localhost to ::1 first, where what is bound to 127.0.0.1 does not listen.
  if (lane.untried > 0 && !lane.connection.reached()) {
    lane.armed = 0;
    return try_next_address(lane, now);
  }
  lane.settled = true;
  lane.armed = 0;
  lane.error = lane.connection.error();
  // A lost connection is made again with the next request; one that cannot be made, with growing
  // pauses.
  lane.retry_at = lane.was_ready ? now : now + lane.backoff;
  if (!lane.was_ready) {
    lane.backoff = std::min<std::chrono::nanoseconds>(2 * lane.backoff, k_last_backoff);
  }
  lane.was_ready = false;
  std::vector<GrpcCall*> pending;
  pending.swap(lane.pending);
  for (GrpcCall* call : pending) {
    on_lost(*call, lane.error);
  }
  pending.clear();
  lane.pending.swap(pending);  // keeps its capacity
}

void GrpcClient::Impl::on_closed(GrpcCall& call, std::uint32_t h2_error, bool goaway) {
  if (!call.finished) {
    conclude(call, h2_error, goaway, options_.max_response, complete(call));
  }
  release(call);
}

void GrpcClient::Impl::on_lost(GrpcCall& call, const std::string& why) {
  if (closing_) {
    return;
  }
  if (!call.finished) {
    Completion& completion = complete(call);
    completion.outcome = Outcome::transport;
    completion.http_status = static_cast<std::int16_t>(call.http_status);
    completion.message = why;
  }
  release(call);
}

Completion& GrpcClient::Impl::complete(GrpcCall& call) {
  Completion& completion = ready_.add(call.request, now_);
  completion.sent = call.sent;
  if (call.sent) {
    completion.send_time = call.send_time;
  }
  completion.wire_out = call.wire_out;
  completion.wire_in = call.wire_in;
  --in_flight_;
  unlink(call);
  return completion;
}

void GrpcClient::Impl::release(GrpcCall& call) {
  --call.lane->in_flight;
  call.lane = nullptr;
  call.next = free_;
  free_ = &call;
}

void GrpcClient::Impl::link(GrpcCall& call) {
  call.previous = last_;
  call.next = nullptr;
  (last_ != nullptr ? last_->next : first_) = &call;
  last_ = &call;
}

void GrpcClient::Impl::unlink(GrpcCall& call) {
  (call.previous != nullptr ? call.previous->next : first_) = call.next;
  (call.next != nullptr ? call.next->previous : last_) = call.previous;
}

void GrpcClient::Impl::expire(GrpcCall& call, Time now) {
  GrpcLane& lane = *call.lane;
  Completion& completion = complete(call);
  completion.outcome = Outcome::timeout;
  completion.message =
      call.sent ? fmt::format("no answer from {} in time", lane.target.endpoint.authority())
                : fmt::format("not sent to {} in time (no connection, or flow control)",
                              lane.target.endpoint.authority());
  const auto pending = std::ranges::find(lane.pending, &call);
  if (pending != lane.pending.end()) {
    lane.pending.erase(pending);
    release(call);
    return;
  }
  call.finished = true;  // the slot is free when nghttp2 has closed the stream
  lane.connection.cancel(call);
  lane.dirty = true;
  if (lane.connection.last_received() + options_.timeout <= now) {
    if (lane.connection.ping_pending()) {
      lane.connection.close("no answer to PING");
    } else {
      lane.connection.ping();
    }
  }
}

void GrpcClient::Impl::expire(Time now) {
  now_ = now;
  while (first_ != nullptr && first_->deadline <= now) {
    expire(*first_, now);
  }
  for (auto& lane : lanes_) {
    const State state = lane->connection.state();
    const bool connecting =
        state == State::connecting || state == State::handshake || state == State::preface;
    if (connecting && now >= lane->connect_deadline) {
      lane->connection.close(state == State::preface ? "no HTTP/2 settings from the server in time"
                                                     : "no answer in time");
      settle(*lane, now);
    }
  }
}

void GrpcClient::Impl::flush(Time now) {
  now_ = now;
  for (auto& lane : lanes_) {
    if (lane->dirty) {
      settle(*lane, now);
    }
  }
  for (auto& lane : retired_) {
    if (lane->dirty) {
      settle(*lane, now);
    }
  }
}

// After GOAWAY a connection finishes its calls beside the fresh one that takes its place.
void GrpcClient::Impl::retire_draining() {
  for (auto& lane : lanes_) {
    if (lane->connection.state() == State::draining) {
      auto fresh = std::make_unique<GrpcLane>(*this, lane->target, stats_, options_.max_response);
      fresh->next_address = lane->next_address;
      fresh->pending.reserve(options_.streams);
      std::swap(fresh, lane);
      retired_.push_back(std::move(fresh));
    }
  }
  std::erase_if(retired_, [](const auto& lane) {
    if (lane->in_flight == 0) {
      lane->connection.goodbye();
    }
    return lane->in_flight == 0;
  });
}

Time GrpcClient::Impl::next_event(Time deadline) const {
  Time next = deadline;
  if (first_ != nullptr) {
    next = std::min(next, first_->deadline);
  }
  for (const auto& lane : lanes_) {
    const State state = lane->connection.state();
    if (state == State::connecting || state == State::handshake || state == State::preface) {
      next = std::min(next, lane->connect_deadline);
    }
  }
  return next;
}

// One round: wait for sockets, handle them, expire, write.
void GrpcClient::Impl::drive(Time deadline, bool& interrupted) {
  const auto events = poller_.wait(next_event(deadline), interrupted);
  const Time now = Clock::now();
  now_ = now;
  for (const epoll_event& event : events) {
    auto& lane = *static_cast<GrpcLane*>(event.data.ptr);
    if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
      lane.connection.on_readable(now);
    }
    if ((event.events & EPOLLOUT) != 0 && lane.connection.state() != State::down) {
      lane.connection.on_writable(now);
    }
    lane.dirty = true;
    settle(lane, now);
  }
  expire(now);
  flush(now);
  retire_draining();
}

std::span<const Completion> GrpcClient::Impl::wait(Time deadline) {
  delivered_.clear();
  flush(Clock::now());
  bool interrupted = false;
  while (true) {
    drive(ready_.empty() ? deadline : Time{}, interrupted);
    if (!ready_.empty() || interrupted || now_ >= deadline) {
      break;
    }
  }
  std::swap(ready_, delivered_);
  return delivered_.view();
}

Result<void> GrpcClient::Impl::connect(Time deadline) {
  for (auto& lane : lanes_) {
    if (lane->connection.state() == State::down) {
      start(*lane, Clock::now());
    }
  }
  bool interrupted = false;
  while (true) {
    bool all = true;
    for (const auto& lane : lanes_) {
      if (lane->connection.state() == State::down) {
        const std::string& cause = lane->connection.error();
        return fail(Code::unreachable, cause,
                    connect_hint(cause, lane->target.endpoint, "OTLP/gRPC"));
      }
      all = all && lane->connection.state() == State::ready;
    }
    if (all && capacity() == 0) {
      return fail(Code::unreachable,
                  fmt::format("{} allows no requests: its MAX_CONCURRENT_STREAMS is 0",
                              lanes_.front()->target.endpoint.authority()),
                  "the server is shutting down or takes no more; its log says why");
    }
    if (all) {
      return {};
    }
    if (interrupted) {
      return fail(Code::interrupted, "interrupted while connecting");
    }
    if (Clock::now() >= deadline) {
      return fail(Code::unreachable, "no connection in time",
                  "check that the receiver is running and that this is its OTLP/gRPC port");
    }
    drive(deadline, interrupted);
  }
}

Result<GrpcClient> GrpcClient::create(ClientOptions options) {
  OBS_TRY_ASSIGN(auto poller, Poller::create());
  auto impl = std::make_unique<Impl>(std::move(options), std::move(poller));
  OBS_TRY(impl->prepare());
  return GrpcClient(std::move(impl));
}

GrpcClient::GrpcClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GrpcClient::GrpcClient(GrpcClient&&) noexcept = default;
GrpcClient& GrpcClient::operator=(GrpcClient&&) noexcept = default;
GrpcClient::~GrpcClient() = default;

bool GrpcClient::submit(const Request& request) {
  return impl_->submit(request);
}
std::span<const Completion> GrpcClient::wait(Time deadline) {
  return impl_->wait(deadline);
}
void GrpcClient::flush() {
  impl_->flush();
}
Result<void> GrpcClient::connect(Time deadline) {
  return impl_->connect(deadline);
}
std::size_t GrpcClient::in_flight() const {
  return impl_->in_flight();
}
std::size_t GrpcClient::capacity() const {
  return impl_->capacity();
}
const ClientStats& GrpcClient::stats() const {
  return impl_->stats();
}

}  // namespace obsctl::otlp
