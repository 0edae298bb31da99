// SPDX-License-Identifier: Apache-2.0
// Starts the workers at one moment, watches them, and adds up what they did.
#include "lib/loadgen/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <map>
#include <memory>
#include <new>
#include <system_error>
#include <thread>

#include "lib/loadgen/mask.hpp"
#include "lib/loadgen/worker.hpp"
#include "lib/otlp/grpc_client.hpp"
#include "lib/otlp/http_client.hpp"

namespace obsctl::loadgen {
namespace {

double cpu_now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_rss() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

void sum_live(const std::vector<std::unique_ptr<Live>>& from, Live& into) {
  std::uint64_t sent = 0;
  std::uint64_t accepted = 0;
  std::uint64_t lost = 0;
  std::uint64_t flying = 0;
  std::int64_t lag = 0;
  for (const auto& live : from) {
    sent += live->sent.load(std::memory_order_relaxed);
    accepted += live->accepted.load(std::memory_order_relaxed);
    lost += live->lost.load(std::memory_order_relaxed);
    flying += live->in_flight.load(std::memory_order_relaxed);
    lag = std::max(lag, live->lag_ns.load(std::memory_order_relaxed));
  }
  into.sent = sent;
  into.accepted = accepted;
  into.lost = lost;
  into.in_flight = flying;
  into.lag_ns = lag;
}

void hide_credentials(const otlp::ClientOptions& client,
                      std::map<std::string, std::uint64_t>& texts) {
  std::map<std::string, std::uint64_t> hidden;
  for (const auto& [text, count] : texts) {
    hidden[mask_credentials(text, client.headers)] += count;
  }
  texts = std::move(hidden);
}

template <class Client>
Result<std::vector<Client>> connect_all(const Plan& plan) {
  std::vector<Client> out;
  for (unsigned i = 0; i < plan.workers; ++i) {
    OBS_TRY_ASSIGN(Client client, Client::create(plan.client));
    OBS_TRY(client.connect(otlp::Clock::now() + plan.client.connect_timeout));
    out.push_back(std::move(client));
  }
  return out;
}

// Threads that begin together, or not at all when one of them cannot be started.
class Crew {
 public:
  Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() { release(Gate::cancelled); }

  // Every thread waits for go(), then works.
  [[nodiscard]] Result<void> start(unsigned count, const std::function<void(unsigned)>& work) {
    try {
      for (unsigned i = 0; i < count; ++i) {
        threads_.emplace_back([this, work, i] {
          gate_.wait(Gate::closed);
          if (gate_ == Gate::open) {
            work(i);
          }
        });
      }
    } catch (const std::system_error& error) {
      return fail(Code::failed,
                  fmt::format("cannot start {} workers: {}", count, error.code().message()),
                  "use fewer workers, or raise the limit of processes or memory");
    }
    return {};
  }
  void go() { release(Gate::open); }

 private:
  enum class Gate : std::uint8_t { closed, open, cancelled };

  void release(Gate gate) {
    Gate closed = Gate::closed;
    gate_.compare_exchange_strong(closed, gate);
    gate_.notify_all();
  }

  std::atomic<Gate> gate_ = Gate::closed;
  std::vector<std::jthread> threads_;  // joined before the gate goes
};

template <class Client>
Result<RunResult> run_with(const Plan& plan, const StopFlag& stop, const OnProgress& progress) {
  OBS_TRY_ASSIGN(std::vector<Client> clients, connect_all<Client>(plan));
  const auto stride = plan.shards * plan.workers;
  std::vector<std::unique_ptr<Live>> lives;
  std::vector<std::unique_ptr<Worker<Client>>> workers;
  Epoch epoch;
  if (plan.max && plan.payload->metrics) {
    const Ring& ring = *plan.payload->metrics;
    epoch.exports = std::vector<std::atomic<std::uint64_t>>(
        ring.size * static_cast<std::size_t>(ring.laps_per_export));
  }
  for (unsigned i = 0; i < plan.workers; ++i) {
    lives.push_back(std::make_unique<Live>());
    workers.push_back(std::make_unique<Worker<Client>>(plan, plan.shard * plan.workers + i, stride,
                                                       std::move(clients[i]), epoch, *lives.back(),
                                                       stop));
  }
  std::atomic<unsigned> running{plan.workers};
  std::atomic<bool> out_of_memory{false};
  std::vector<RunResult> results(plan.workers);
  Crew crew;
  OBS_TRY(crew.start(plan.workers, [&](unsigned i) {
    std::this_thread::sleep_until(epoch.start);
    try {
      results[i] = std::move(workers[i]->run());
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
    running.fetch_sub(1);
  }));
  // A moment ahead, so that every thread is awake when the schedule begins.
  constexpr auto k_ahead = std::chrono::milliseconds(20);
  epoch.start = otlp::Clock::now() + k_ahead;
  epoch.wall = static_cast<std::uint64_t>(
      std::chrono::nanoseconds((std::chrono::system_clock::now() + k_ahead).time_since_epoch())
          .count());
  const double cpu_before = cpu_now();
  crew.go();
  Live sum;
  int ticks = 0;
  while (running.load() > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (++ticks % 10 == 0 && progress) {
      sum_live(lives, sum);
      progress(std::chrono::duration<double>(otlp::Clock::now() - epoch.start).count(), sum);
    }
  }
  if (out_of_memory) {
    return fail(Code::failed, "out of memory while sending",
                "use fewer workers or streams, or smaller requests");
  }
  RunResult out = std::move(results.front());
  for (unsigned i = 1; i < plan.workers; ++i) {
    out.add(results[i]);
  }
  out.started_at = static_cast<double>(epoch.wall) * 1e-9;
  out.total_seconds = std::chrono::duration<double>(otlp::Clock::now() - epoch.start).count();
  out.cpu_seconds = cpu_now() - cpu_before;
  out.rss_bytes = peak_rss();
  out.interrupted = stop.level() != StopLevel::none;
  out.load_seconds = load_seconds(plan, out);
  return out;
}

}  // namespace

void SignalTally::add(const SignalTally& other) {
  sent += other.sent;
  accepted += other.accepted;
  rejected += other.rejected;
  refused += other.refused;
  failed += other.failed;
  unknown += other.unknown;
  unsent += other.unsent;
  retried += other.retried;
  maybe_twice += other.maybe_twice;
  requests += other.requests;
  requests_unsent += other.requests_unsent;
  body_bytes += other.body_bytes;
  wire_out += other.wire_out;
  wire_in += other.wire_in;
}

void RunResult::add(const RunResult& other) {
  for (std::size_t i = 0; i < signals.size(); ++i) {
    signals[i].add(other.signals[i]);
    next_request[i] = std::max(next_request[i], other.next_request[i]);
  }
  latency.add(other.latency);
  service.add(other.service);
  lateness.add(other.lateness);
  late_by_target += other.late_by_target;
  late_by_generator += other.late_by_generator;
  stalled_seconds = std::max(stalled_seconds, other.stalled_seconds);
  stalled_requests += other.stalled_requests;
  trace_uses.resize(std::max(trace_uses.size(), other.trace_uses.size()), 0);
  for (std::size_t i = 0; i < other.trace_uses.size(); ++i) {
    trace_uses[i] += other.trace_uses[i];
  }
  for (const auto& [cause, count] : other.causes) {
    causes[cause] += count;
  }
  for (const auto& [warning, count] : other.warnings) {
    warnings[warning] += count;
  }
  unauthorized += other.unauthorized;
  connections.connects += other.connections.connects;
  connections.connect_failures += other.connections.connect_failures;
  connections.disconnects += other.connections.disconnects;
  connections.goaways += other.connections.goaways;
  connections.socket_out += other.connections.socket_out;
  connections.socket_in += other.connections.socket_in;
  seconds = std::max(seconds, other.seconds);
  load_seconds = std::max(load_seconds, other.load_seconds);
  total_seconds = std::max(total_seconds, other.total_seconds);
  cpu_seconds += other.cpu_seconds;
  rss_bytes = std::max(rss_bytes, other.rss_bytes);
  interrupted = interrupted || other.interrupted;
}

SignalTally RunResult::total() const {
  SignalTally out;
  for (const SignalTally& signal : signals) {
    out.add(signal);
  }
  return out;
}

bool RunResult::generator_bound() const {
  const SignalTally sum = total();
  // It stood still, or was late for its own reasons and so much that requests were left over or one
  // in ten was late: a few late ones are the noise of a shared machine.
  return stalled_seconds > 0.01 * seconds ||
         (late_by_generator > late_by_target &&
          (sum.requests_unsent > 0 || late_by_generator * 10 > sum.requests));
}

double Plan::drain() const {
  constexpr double k_retries = 10;
  return std::max(k_retries, std::chrono::duration<double>(client.timeout).count() + 1);
}

double load_seconds(const Plan& plan, const RunResult& result) {
  if (plan.max) {
    return result.load_seconds;
  }
  const SignalTally sum = result.total();
  const auto units = static_cast<double>(plan.unit == Unit::requests ? sum.requests : sum.sent);
  const double covered = plan.profile.time_of(units * static_cast<double>(plan.shards));
  return std::max(result.load_seconds,
                  plan.duration > 0 ? std::min(covered, plan.duration) : covered);
}

std::int64_t requests_for(const Ring& ring, std::int64_t items) {
  const std::int64_t lap = items / ring.items;
  const std::int64_t rest = items % ring.items;
  std::int64_t index = 0;
  while (index < static_cast<std::int64_t>(ring.size) &&
         ring.requests[static_cast<std::size_t>(index)].first_item < rest) {
    ++index;
  }
  return lap * static_cast<std::int64_t>(ring.size) + index;
}

Result<RunResult> run(const Plan& plan, const StopFlag& stop, const OnProgress& progress) {
  OBS_TRY_ASSIGN(RunResult out, plan.protocol == otlp::Protocol::grpc
                                    ? run_with<otlp::GrpcClient>(plan, stop, progress)
                                    : run_with<otlp::OtlpHttpClient>(plan, stop, progress));
  hide_credentials(plan.client, out.causes);
  hide_credentials(plan.client, out.warnings);
  return out;
}

}  // namespace obsctl::loadgen
