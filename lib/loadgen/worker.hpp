// SPDX-License-Identifier: Apache-2.0
// The hot loop of one thread: take what is due, patch it, submit it, book the answers.
//
// Nothing here allocates once the most requests that fly together have flown: every template has as
// many copies as were ever on their way at once, each is patched where it lies, and none is copied
// again.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <queue>

#include "lib/loadgen/schedule.hpp"
#include "lib/loadgen/stall.hpp"
#include "lib/otlp/compress.hpp"

namespace obsctl::loadgen {

// Times shared by all workers of a run.
struct Epoch {
  otlp::Time start;
  std::uint64_t wall = 0;  // the same moment in nanoseconds since 1970
  // Closed loop: when the series of every metrics request were last sent, in nanoseconds since 1970.
  std::vector<std::atomic<std::uint64_t>> exports = {};
};

template <class Client>
class Worker {
 public:
  Worker(const Plan& plan, std::int64_t offset, std::int64_t stride, Client client, Epoch& epoch,
         Live& live, const StopFlag& stop)
      : plan_(plan),
        client_(std::move(client)),
        epoch_(epoch),
        live_(live),
        stop_(stop),
        ids_(plan.seed),
        random_(mix64(plan.seed + static_cast<std::uint64_t>(offset))),
        pace_(plan.retry_rate / static_cast<double>(stride)),
        compressor_(plan.client.compression) {
    const Payload& payload = *plan.payload;
    for (const auto* ring : {&payload.traces, &payload.metrics, &payload.logs}) {
      if (*ring && plan.share[static_cast<std::size_t>((*ring)->signal)] > 0) {
        streams_.emplace_back(**ring, plan, offset, stride);
        pools_.emplace_back((*ring)->requests.size());
      }
    }
    result_.trace_uses.assign(payload.traces ? payload.traces->requests.size() : 0, 0);
    const std::size_t slots = std::size_t{plan.client.connections} * plan.client.streams;
    flights_.resize(slots + std::min<std::size_t>(slots, 1024) + 16);
    for (std::size_t i = flights_.size(); i-- > 0;) {
      free_.push_back(static_cast<std::uint32_t>(i));
    }
  }

  // Runs to the end and returns what happened.
  RunResult& run() {
    stall_.expect(epoch_.start);
    while (true) {
      const otlp::Time now = otlp::Clock::now();
      note_stall(now);
      const StopLevel stop = stop_.level();
      if (!closing_ && (stop != StopLevel::none || out_of_time(now))) {
        close(now);
      }
      if (stop == StopLevel::now || (closing_ && now >= drain_until_)) {
        break;
      }
      send_retries(now);
      if (!closing_) {
        send_due(now);
      }
      if (closing_ && used_ == 0) {
        break;
      }
      const otlp::Time wake = std::max(next_event(now), now);
      stall_.expect(wake);
      for (const otlp::Completion& completion : client_.wait(wake)) {
        complete(completion);
      }
    }
    abandon();
    const otlp::Time end = plan_.max ? std::max(load_end_, last_answer_) : load_end_;
    result_.load_seconds = std::chrono::duration<double>(end - epoch_.start).count();
    result_.connections = client_.stats();
    return result_;
  }

 private:
  // A request between its first attempt and its end.
  struct Flight {
    std::size_t stream = 0;
    std::size_t index = 0;  // template
    std::uint32_t items = 0;
    const std::string* body = nullptr;
    std::unique_ptr<std::string> buffer = {};  // a copy of the template, while it is on its way
    std::string packed = {};                   // the compressed body, when there is compression
    unsigned attempts = 0;
    bool flying = false;
    bool unanswered = false;  // an earlier attempt got no answer
    bool stalled = false;     // this process stood still meanwhile: its times say nothing
    otlp::Time intended = {};
    otlp::Time again_at = {};
  };
  using Pool =
      std::vector<std::unique_ptr<std::string>>;  // copies of one template that are not in use
  struct Again {
    otlp::Time at;
    std::uint32_t flight;
    bool operator>(const Again& other) const { return at > other.at; }
  };

  [[nodiscard]] bool compressing() const {
    return plan_.client.compression != otlp::Compression::none;
  }
  static std::chrono::nanoseconds to_ns(double seconds) {
    return std::chrono::nanoseconds(std::llround(seconds * 1e9));
  }
  [[nodiscard]] SignalTally& tally(const Flight& flight) {
    return result_.signals[static_cast<std::size_t>(streams_[flight.stream].ring().signal)];
  }

  // Index of the stream that is due first.
  [[nodiscard]] std::size_t first_stream() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < streams_.size(); ++i) {
      if (streams_[i].due() < streams_[best].due()) {
        best = i;
      }
    }
    return best;
  }

  // Seconds after the start at which the next request of any stream is due; infinite without one.
  [[nodiscard]] double next_due() const {
    double next = std::numeric_limits<double>::infinity();
    for (const Stream& stream : streams_) {
      next = std::min(next, stream.due());
    }
    return next;
  }

  [[nodiscard]] bool out_of_time(otlp::Time now) const {
    if (std::isinf(next_due())) {
      return true;
    }
    // What is due at the last moment may still go; a backlog may not.
    return plan_.duration > 0 &&
           now > epoch_.start + to_ns(plan_.duration + (plan_.max ? 0 : k_grace));
  }

  void close(otlp::Time now) {
    closing_ = true;
    drain_until_ = now + to_ns(plan_.drain());
    const bool cut = !std::isinf(next_due());  // something was still to be sent
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      Stream stream = streams_[i];
      auto& into = result_.signals[static_cast<std::size_t>(stream.ring().signal)];
      result_.next_request[static_cast<std::size_t>(stream.ring().signal)] = stream.number();
      // After an interruption only what was due until now is missing.
      const double until = std::chrono::duration<double>(now - epoch_.start).count();
      const Stream::Unsent left = stream.leave_out(until);
      into.unsent += left.items;
      into.requests_unsent += left.requests;
    }
    last_send_ = std::max(last_send_, epoch_.start);
    load_end_ = cut ? std::max(last_send_, planned_end(now)) : last_send_;
    result_.seconds = std::chrono::duration<double>(last_send_ - epoch_.start).count();
  }

  [[nodiscard]] otlp::Time planned_end(otlp::Time now) const {
    return plan_.duration > 0 ? std::min(now, epoch_.start + to_ns(plan_.duration)) : now;
  }

  void note_stall(otlp::Time now) {
    if (!stall_.stalled(now)) {
      return;
    }
    result_.stalled_seconds += stall_.note(now, epoch_.start + to_ns(std::min(next_due(), 1e9)));
    for (Flight& flight : flights_) {
      flight.stalled = flight.stalled || flight.flying;
    }
  }

  [[nodiscard]] otlp::Time next_event(otlp::Time now) const {
    otlp::Time next = now + std::chrono::milliseconds(100);  // to see the stop flag
    if (!again_.empty()) {
      next = std::min(next, again_.top().at);
    }
    if (closing_) {
      return std::min(next, drain_until_);
    }
    if (!blocked_) {
      const double due = streams_[first_stream()].due();
      if (!std::isinf(due)) {
        next = std::min(next, epoch_.start + to_ns(due));
      }
    }
    return next;
  }

  void send_due(otlp::Time now) {
    // A bounded burst, so that answers are read between two bursts.
    for (int burst = 0; burst < 64; ++burst) {
      const std::size_t at = first_stream();
      Stream& stream = streams_[at];
      if (plan_.max) {
        now = otlp::Clock::now();  // two exports of one series in a burst are at two times
      }
      const otlp::Time due = plan_.max ? now : epoch_.start + to_ns(std::min(stream.due(), 1e9));
      if (std::isinf(stream.due()) || due > now) {
        blocked_ = false;
        live_.lag_ns.store(0, std::memory_order_relaxed);
        return;
      }
      live_.lag_ns.store((now - due).count(), std::memory_order_relaxed);
      if (free_.empty() || !start(at, due)) {
        blocked_ = true;
        last_blocked_ = now;
        return;
      }
      if (now - due > to_ns(plan_.late_after)) {
        ++(last_blocked_ >= due && !stall_.covers(due) ? result_.late_by_target
                                                       : result_.late_by_generator);
      }
      last_send_ = now;
      stream.advance();
    }
    blocked_ = false;
  }

  // Patches and submits the next request of a stream; false when the client has no room.
  bool start(std::size_t at, otlp::Time due) {
    if (client_.in_flight() >= client_.capacity()) {
      return false;
    }
    Stream& stream = streams_[at];
    const Ring& ring = stream.ring();
    const std::uint32_t slot = free_.back();
    Flight& flight = flights_[slot];
    flight.stream = at;
    flight.index = ring.index_of(stream.number());
    const RequestTemplate& from = ring.requests[flight.index];
    Pool& pool = pools_[at][flight.index];
    if (pool.empty()) {
      pool.push_back(std::make_unique<std::string>(from.bytes));
    }
    std::string& bytes = *pool.back();
    const double seconds =
        plan_.max ? std::chrono::duration<double>(due - epoch_.start).count() : stream.due();
    const Moment moment = moment_of(stream, from, seconds);
    patch(ring, from, ids_, moment, bytes.data());
    flight.items = from.items;
    flight.body = &bytes;
    if (compressing()) {
      // Out of memory is the only way this fails; then the request goes out as it is.
      flight.body =
          compressor_.pack(otlp::bytes_of(bytes), flight.packed) ? &flight.packed : &bytes;
    }
    flight.attempts = 0;
    flight.unanswered = false;
    flight.stalled = stall_.covers(due);
    flight.intended = due;
    if (!submit(slot)) {
      return false;
    }
    if (plan_.max && !from.previous.empty()) {
      epoch_.exports[export_slot(stream)].store(moment.time, std::memory_order_relaxed);
    }
    free_.pop_back();
    if (flight.body == &bytes) {
      flight.buffer = std::move(pool.back());
      pool.pop_back();
    }
    ++used_;
    SignalTally& into = tally(flight);
    into.sent += flight.items;
    ++into.requests;
    into.body_bytes += bytes.size();
    live_.sent.store(live_.sent.load(std::memory_order_relaxed) + flight.items,
                     std::memory_order_relaxed);
    return true;
  }

  [[nodiscard]] std::uint64_t wall_time(double seconds) const {
    return epoch_.wall + static_cast<std::uint64_t>(std::max(0.0, seconds) * 1e9);
  }

  // Index in Epoch::exports.
  static std::size_t export_slot(const Stream& stream) {
    const auto period =
        static_cast<std::int64_t>(stream.ring().size) * stream.ring().laps_per_export;
    return static_cast<std::size_t>(stream.number() % period);
  }

  // When the point of every series of this request before was sent; by plan when there was none.
  [[nodiscard]] std::uint64_t previous_time(const Stream& stream, std::uint64_t time) const {
    if (plan_.max) {
      const auto last = epoch_.exports[export_slot(stream)].load(std::memory_order_relaxed);
      return last == 0 ? time - stream.ring().export_ns : std::min(last, time);
    }
    const std::int64_t before = stream.export_before();
    return before < 0 ? time - stream.ring().export_ns : wall_time(stream.time_of(before));
  }

  [[nodiscard]] Moment moment_of(const Stream& stream, const RequestTemplate& request,
                                 double seconds) const {
    Moment out;
    out.lap = stream.ring().lap_of(stream.number());
    out.time = wall_time(seconds);
    if (!request.previous.empty()) {
      out.previous = previous_time(stream, out.time);
    }
    out.start = epoch_.wall;
    out.seconds = seconds;
    if (plan_.max) {
      out.ticks = static_cast<std::int64_t>(std::max(0.0, seconds) / k_tick);
    }
    if (stream.ring().signal == otlp::Signal::metrics && plan_.payload->traces) {
      out.newest_trace = newest_trace(seconds);
    }
    return out;
  }

  // The newest trace that the schedule has sent by then, whichever worker or shard sent it.
  [[nodiscard]] std::int64_t newest_trace(double seconds) const {
    const Ring& ring = *plan_.payload->traces;
    const double due = plan_.max ? 0 : plan_.profile.due_by(seconds) * plan_.share[0];
    const double per_lap = plan_.unit == Unit::requests ? static_cast<double>(ring.size)
                                                        : static_cast<double>(ring.items);
    const auto first = ring.lap_of(plan_.first_request[0]) * ring.traces;
    return first + static_cast<std::int64_t>(due / per_lap * static_cast<double>(ring.traces));
  }

  bool submit(std::uint32_t slot) {
    Flight& flight = flights_[slot];
    otlp::Request request;
    request.signal = streams_[flight.stream].ring().signal;
    request.tag = slot;
    request.compressed = flight.body == &flight.packed;
    request.body = otlp::bytes_of(*flight.body);
    request.intended = flight.intended;
    if (!client_.submit(request)) {
      return false;
    }
    ++flight.attempts;
    flight.flying = true;
    return true;
  }

  void send_retries(otlp::Time now) {
    while (!again_.empty() && again_.top().at <= now) {
      const std::uint32_t slot = again_.top().flight;
      Flight& flight = flights_[slot];
      if (!submit(slot)) {
        return;
      }
      again_.pop();
      SignalTally& into = tally(flight);
      into.retried += flight.items;
      into.maybe_twice += flight.unanswered ? flight.items : 0;
    }
  }

  void complete(const otlp::Completion& completion) {
    const auto slot = static_cast<std::uint32_t>(completion.tag);
    Flight& flight = flights_[slot];
    note_stall(completion.done_time);
    flight.flying = false;
    SignalTally& into = tally(flight);
    into.wire_out += completion.wire_out;
    into.wire_in += completion.wire_in;
    blocked_ = false;
    last_answer_ = completion.done_time;
    if (flight.attempts == 1 && measured(flight)) {
      result_.lateness.record((completion.send_time - completion.intended).count());
    }
    if (completion.outcome != otlp::Outcome::ok && completion.outcome != otlp::Outcome::partial) {
      result_.unauthorized += completion.unauthorized() ? 1 : 0;
      count_text(result_.causes, completion.message);
      const bool lost_answer = completion.outcome == otlp::Outcome::timeout ||
                               (completion.outcome == otlp::Outcome::transport && completion.sent);
      const auto delay = otlp::retry_delay(plan_.retry, completion, flight.attempts,
                                           completion.done_time - flight.intended, random_.unit());
      const auto at = delay ? pace_.book(completion.done_time + *delay,
                                         flight.intended + plan_.retry.max_elapsed, flight.items)
                            : std::nullopt;
      if (at && stop_.level() == StopLevel::none) {
        flight.unanswered = flight.unanswered || lost_answer;
        again_.push({*at, slot});
        return;
      }
    }
    settle(flight, completion);
    if (flight.stalled) {
      ++result_.stalled_requests;
    } else if (measured(flight)) {
      result_.latency.record((completion.done_time - completion.intended).count());
      result_.service.record((completion.done_time - completion.send_time).count());
    }
    release(slot);
  }

  // Adds its items to their fate.
  void settle(const Flight& flight, const otlp::Completion& completion) {
    SignalTally& into = tally(flight);
    std::uint64_t lost = flight.items;
    switch (completion.outcome) {
      case otlp::Outcome::ok:
      case otlp::Outcome::partial: {
        lost = static_cast<std::uint64_t>(
            std::clamp<std::int64_t>(completion.rejected, 0, flight.items));
        into.rejected += lost;
        into.accepted += flight.items - lost;
        if (streams_[flight.stream].ring().signal == otlp::Signal::traces && lost == 0) {
          ++result_.trace_uses[flight.index];
        }
        if (lost != 0) {
          count_text(result_.causes, completion.message);
        } else if (!completion.message.empty()) {
          count_text(result_.warnings, completion.message);
        }
        live_.accepted.store(live_.accepted.load(std::memory_order_relaxed) + flight.items - lost,
                             std::memory_order_relaxed);
        break;
      }
      case otlp::Outcome::retryable:
      case otlp::Outcome::permanent:
        // An earlier attempt without an answer may have been delivered all the same.
        (flight.unanswered ? into.unknown : into.refused) += flight.items;
        break;
      case otlp::Outcome::timeout: into.unknown += flight.items; break;
      case otlp::Outcome::transport:
        (completion.sent || flight.unanswered ? into.unknown : into.failed) += flight.items;
        break;
    }
    if (lost != 0) {
      live_.lost.store(live_.lost.load(std::memory_order_relaxed) + lost,
                       std::memory_order_relaxed);
    }
  }

  // A server may word every answer differently.
  static void count_text(std::map<std::string, std::uint64_t>& texts, const std::string& text) {
    constexpr std::size_t k_most = 32;
    ++texts[texts.size() < k_most || texts.contains(text) ? text : "other causes"];
  }

  [[nodiscard]] bool measured(const Flight& flight) const {
    return flight.intended >= epoch_.start + to_ns(plan_.warmup);
  }

  void release(std::uint32_t slot) {
    Flight& flight = flights_[slot];
    if (flight.buffer) {
      pools_[flight.stream][flight.index].push_back(std::move(flight.buffer));
    }
    free_.push_back(slot);
    --used_;
    live_.in_flight.store(used_, std::memory_order_relaxed);
  }

  // The run is over: what still flies has an unknown fate, what waited for a retry was refused.
  void abandon() {
    std::vector<bool> idle(flights_.size(), false);
    for (const std::uint32_t slot : free_) {
      idle[slot] = true;
    }
    for (std::size_t i = 0; i < flights_.size(); ++i) {
      if (!idle[i]) {
        const Flight& flight = flights_[i];
        SignalTally& into = tally(flight);
        (flight.flying || flight.unanswered ? into.unknown : into.refused) += flight.items;
        ++result_.causes[flight.flying ? "no answer before the run ended"
                                       : "given up while waiting to retry"];
      }
    }
  }

  static constexpr double k_grace =
      0.05;  // seconds after the end for what was due at the last moment

  const Plan& plan_;
  Client client_;
  Epoch& epoch_;
  Live& live_;
  const StopFlag& stop_;
  Ids ids_;
  Numbers random_;
  otlp::RetryPace pace_;
  std::vector<Stream> streams_;
  std::vector<std::vector<Pool>> pools_;  // by stream and template
  std::vector<Flight> flights_;
  std::vector<std::uint32_t> free_;
  std::priority_queue<Again, std::vector<Again>, std::greater<>> again_;
  otlp::Compressor compressor_;
  std::size_t used_ = 0;
  bool blocked_ = false;
  bool closing_ = false;
  otlp::Time last_blocked_ = {};
  otlp::Time last_send_ = {};
  otlp::Time last_answer_ = {};
  otlp::Time load_end_ = {};
  otlp::Time drain_until_ = {};
  StallWatch stall_;
  RunResult result_;
};

}  // namespace obsctl::loadgen
