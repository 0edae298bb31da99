// SPDX-License-Identifier: Apache-2.0
// Runs the probe: a thread for each protocol sends, and one for each store that may have the item
// looks for it.
#include "lib/probe/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <thread>

#include "lib/probe/find.hpp"
#include "lib/probe/items.hpp"
#include "lib/probe/next.hpp"
#include "lib/probe/send.hpp"

namespace obsctl::health {
namespace {

// Seconds beyond the documented delays, for what is documented nowhere; of other people's stacks, for
// the default decision_wait of tail sampling.
constexpr double k_reserve = 15;
constexpr double k_unknown_delays = 30;

struct Run {
  const Services& services;
  const Subject& subject;
  const ProbeOptions& options;
  const ProbePlan& plan;
};

otlp::Protocol protocol_of(const ProbeReceiver& receiver) {
  return receiver.transport == loadgen::Transport::grpc ? otlp::Protocol::grpc
                                                        : otlp::Protocol::http;
}

std::string endpoint_of(const ProbeReceiver& receiver) {
  const auto& endpoints = receiver.target.client.endpoints;
  return endpoints.empty() ? std::string() : endpoints.front().url();
}

ProbeState worst_of(const std::vector<ProbeSighting>& stores) {
  const auto any = [&stores](ProbeState state) {
    return std::ranges::any_of(stores, [state](const auto& one) { return one.state == state; });
  };
  if (any(ProbeState::missing)) {
    return ProbeState::missing;
  }
  return stores.empty() || any(ProbeState::unasked) ? ProbeState::unasked : ProbeState::found;
}

ProbeSighting look(const Run& run, const ProbeStore& store, const ProbeIdentity& identity,
                   const ProbeSent& sent) {
  // The sender's clock and the services' are the same one, except in tests.
  const Duration ago = {std::chrono::duration<double>(otlp::Clock::now() - sent.at).count()};
  const auto since = run.services.clock.monotonic() -
                     std::chrono::nanoseconds(static_cast<std::int64_t>(ago.seconds * 1e9));
  const double unknown = run.subject.own() ? 0 : k_unknown_delays;
  const Duration within =
      run.options.within.value_or(Duration{store.budget.seconds + k_reserve + unknown});
  return look_for(run.services, store, identity, since, {within, run.options.timeout});
}

// Side by side, into slots that nothing else touches.
void look_everywhere(const Run& run, const ProbeIdentity& identity, const ProbeSents& sents,
                     std::span<ProbeResult> results) {
  for (ProbeResult& result : results) {
    const ProbeSent& sent = sents[static_cast<std::size_t>(result.signal)];
    for (const ProbeStore& store : run.plan.stores) {
      if (store.ask.signal == result.signal && sent.state == ProbeState::found) {
        result.stores.emplace_back();
      }
    }
  }
  std::vector<std::jthread> threads;
  for (ProbeResult& result : results) {
    const ProbeSent& sent = sents[static_cast<std::size_t>(result.signal)];
    auto slot = result.stores.begin();
    for (const ProbeStore& store : run.plan.stores) {
      if (store.ask.signal == result.signal && slot != result.stores.end()) {
        threads.emplace_back([&run, &store, &identity, &sent, into = &*slot++] {
          *into = look(run, store, identity, sent);
        });
      }
    }
  }
}

std::vector<ProbeResult> probe_protocol(const Run& run, const ProbeReceiver& receiver,
                                        const ProbeIdentity& identity) {
  const ProbeSents sents = send_probe(receiver, identity, run.options.timeout, run.services.stop);
  std::vector<ProbeResult> out;
  for (const catalog::Signal signal : catalog::k_signals) {
    const ProbeSent& sent = sents[static_cast<std::size_t>(signal)];
    out.push_back({.signal = signal,
                   .protocol = identity.protocol,
                   .endpoint = endpoint_of(receiver),
                   .trace_id = identity.hex(),
                   .state = sent.state,
                   .acknowledged = sent.acknowledged,
                   .status = sent.status,
                   .words = sent.words});
  }
  look_everywhere(run, identity, sents, out);
  for (ProbeResult& result : out) {
    if (result.state == ProbeState::found) {
      result.state = worst_of(result.stores);
    }
  }
  return out;
}

Result<std::vector<ProbeIdentity>> identities(const std::vector<ProbeReceiver>& receivers,
                                              Time now) {
  OsRandom random;
  std::vector<ProbeIdentity> out;
  for (const ProbeReceiver& receiver : receivers) {
    OBS_TRY_ASSIGN(out.emplace_back(), draw_identity(random, protocol_of(receiver), now));
  }
  return out;
}

}  // namespace

std::string_view protocol_title(otlp::Protocol protocol) {
  return protocol == otlp::Protocol::grpc ? "gRPC" : "HTTP";
}

std::size_t ProbeReport::found() const {
  return static_cast<std::size_t>(
      std::ranges::count(results, ProbeState::found, &ProbeResult::state));
}

Result<ProbeReport> probe(const Services& services, const Subject& subject,
                          const ProbeOptions& options) {
  OBS_TRY_ASSIGN(const ProbePlan plan, plan_probe(subject));
  ProbeReport out{.subject = subject.name(), .at = services.clock.now()};
  OBS_TRY_ASSIGN(const auto ids, identities(options.receivers, out.at));
  const auto began = services.clock.monotonic();
  const Run run{services, subject, options, plan};
  std::vector<std::vector<ProbeResult>> parts(ids.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      threads.emplace_back(
          [&, i] { parts[i] = probe_protocol(run, options.receivers[i], ids[i]); });
    }
  }
  if (services.stop.level() != StopLevel::none) {
    return services.stop.failure("the probe");
  }
  for (auto& part : parts) {
    std::ranges::move(part, std::back_inserter(out.results));
  }
  std::ranges::stable_sort(out.results, {}, &ProbeResult::signal);
  for (ProbeResult& result : out.results) {
    say_where_it_stopped(result, subject);
  }
  out.took = services.clock.since(began);
  out.delays = plan.delays;
  out.sampling = sampling_note(subject);
  return out;
}

}  // namespace obsctl::health
