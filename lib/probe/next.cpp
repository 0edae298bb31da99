// SPDX-License-Identifier: Apache-2.0
// Puts results into words.
#include "lib/probe/next.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace obsctl::health {
namespace {

constexpr int k_log_lines = 50;

const ProbeSighting* first_with(const ProbeResult& result, ProbeState state) {
  const auto at = std::ranges::find(result.stores, state, &ProbeSighting::state);
  return at == result.stores.end() ? nullptr : &*at;
}

// Who receives, as a component of the subject; null where that is not known.
const Component* receiver_of(const Subject& subject) {
  const Provider* provider = subject.stack.topology.provider("telemetry.in");
  return provider == nullptr ? nullptr : subject.stack.topology.find(provider->component);
}

std::string receiver_title(const Subject& subject) {
  const Component* receiver = receiver_of(subject);
  return receiver == nullptr ? "the receiver" : receiver->title;
}

std::string command(const std::string& text) {
  return "`" + text + "`";
}

std::string logs_of(const Subject& subject, const std::vector<std::string>& components) {
  return command(subject.stack.words.runbook.logs(components, k_log_lines));
}

bool wants_login(const ProbeResult& result) {
  const bool grpc = result.protocol == otlp::Protocol::grpc;
  return grpc ? result.status == 7 || result.status == 16
              : result.status == 401 || result.status == 403;
}

std::string after_unsent(const ProbeResult& result, const Subject& subject) {
  const Component* receiver = receiver_of(subject);
  if (!subject.own() || receiver == nullptr) {
    return result.endpoint.empty() ? "name the endpoint of the receiver"
                                   : fmt::format(
                                         "check that a receiver listens at {}, with the "
                                         "protocol that was used",
                                         result.endpoint);
  }
  if (result.endpoint.empty()) {
    return "publish the port in obsctl.yaml, then `obsctl init`";
  }
  return command(subject.stack.words.runbook.state(receiver->name));
}

std::string after_rejected(const ProbeResult& result, const Subject& subject) {
  if (wants_login(result)) {
    return subject.own() ? "compare the token in secrets/otlp.env with the one that the receiver "
                           "reads: " +
                               command(subject.stack.words.runbook.renew) + " hands it over again"
                         : "give the header or the token file that the receiver asks for";
  }
  const Component* receiver = receiver_of(subject);
  return subject.own() && receiver != nullptr ? logs_of(subject, {receiver->name})
                                              : "read the log of the receiver";
}

// Who hands the items of a signal to a store: the receiver, or another store that is in front of it.
const Component* feeder_of(const ProbeSighting& store, catalog::Signal signal,
                           const Subject& subject) {
  const std::string of_signal = std::string(catalog::signal_name(signal)) + ".";
  for (const Link& link : subject.stack.topology.links) {
    if (link.to == store.component && link.kind == LinkKind::need &&
        link.capability.starts_with(of_signal) && !link.capability.ends_with(".query")) {
      return subject.stack.topology.find(link.from);
    }
  }
  return receiver_of(subject);
}

void say_missing(ProbeResult& result, const ProbeSighting& store, const Subject& subject) {
  const Component* feeder = feeder_of(store, result.signal, subject);
  result.stopped = fmt::format("between {} and {}",
                               feeder == nullptr ? "the receiver" : feeder->title, store.title);
  result.next = subject.own() && feeder != nullptr
                    ? logs_of(subject, {feeder->name, store.component})
                    : fmt::format("read the log of the receiver and of {}", store.title);
}

std::string after_unasked(const ProbeSighting& store, const Subject& subject) {
  if (!subject.own()) {
    return fmt::format("give the URL at which this host reaches {}", store.title);
  }
  if (!store.url.empty()) {
    return command(subject.stack.words.runbook.state(store.component));
  }
  const Component* component = subject.stack.topology.find(store.component);
  for (const Port& port : component->ports) {
    const std::string opened =
        port.host == 0 ? "" : subject.stack.words.runbook.open(*component, port);
    if (!opened.empty()) {
      return fmt::format("{}, then `obsctl health` with the URL of {}", command(opened),
                         store.title);
    }
  }
  return fmt::format("publish the port of {} on this host", store.title);
}

}  // namespace

void say_where_it_stopped(ProbeResult& result, const Subject& subject) {
  const std::string receiver = receiver_title(subject);
  switch (result.state) {
    case ProbeState::found: return;
    case ProbeState::unsent:
      result.stopped = fmt::format("between this host and {}", receiver);
      result.next = after_unsent(result, subject);
      return;
    case ProbeState::rejected:
      result.stopped = fmt::format("at {}", receiver);
      result.next = after_rejected(result, subject);
      return;
    case ProbeState::missing:
      say_missing(result, *first_with(result, ProbeState::missing), subject);
      return;
    case ProbeState::unasked: {
      const ProbeSighting* store = first_with(result, ProbeState::unasked);
      result.stopped =
          fmt::format("between {} and this host", store == nullptr ? "a store" : store->title);
      result.next = store == nullptr ? "give the URL of the store" : after_unasked(*store, subject);
      return;
    }
  }
}

std::string sampling_note(const Subject& subject) {
  if (!subject.own()) {
    return "whether this receiver samples traces is not known here: a trace that is not found may "
           "have been sampled out";
  }
  const Policy& policy = subject.stack.topology.policy;
  if (policy.keep.value >= 1) {
    return "";
  }
  return fmt::format(
      "tail sampling keeps the probe's traces, because they carry an exception; without it they "
      "would be sampled: {} are kept above {} spans/s",
      print_share(policy.keep), human_number(policy.keep_all_below.per_second));
}

}  // namespace obsctl::health
