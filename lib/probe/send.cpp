// SPDX-License-Identifier: Apache-2.0
// Drives the OTLP clients for three requests, and reads what they brought back.
#include "lib/probe/send.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/loadgen/mask.hpp"
#include "lib/otlp/grpc_client.hpp"
#include "lib/otlp/http_client.hpp"

namespace obsctl::health {
namespace {

using namespace std::chrono_literals;

otlp::Signal otlp_signal(catalog::Signal signal) {
  return static_cast<otlp::Signal>(signal);
}
static_assert(static_cast<int>(catalog::Signal::logs) == static_cast<int>(otlp::Signal::logs));

ProbeSents all_unsent(const std::string& why) {
  ProbeSents out;
  for (ProbeSent& sent : out) {
    sent.words = why;
  }
  return out;
}

ProbeState state_of(const otlp::Completion& answer) {
  switch (answer.outcome) {
    case otlp::Outcome::ok: return ProbeState::found;
    case otlp::Outcome::partial:
      return answer.rejected > 0 ? ProbeState::rejected : ProbeState::found;
    case otlp::Outcome::retryable:
    case otlp::Outcome::permanent: return ProbeState::rejected;
    case otlp::Outcome::timeout:
    case otlp::Outcome::transport: return ProbeState::unsent;
  }
  return ProbeState::unsent;
}

ProbeSent read_answer(const otlp::Completion& answer, const otlp::ClientOptions& client) {
  ProbeSent out;
  out.state = state_of(answer);
  out.at = answer.send_time;
  out.status = answer.grpc_status >= 0 ? answer.grpc_status : answer.http_status;
  out.status = out.status == 0 && answer.grpc_status < 0 ? -1 : out.status;
  // A receiver may repeat the token, send what moves the cursor, or never come to an end.
  constexpr std::size_t k_longest = 300;
  const std::string words = answer.message.substr(0, k_longest);
  out.words = printable(loadgen::mask_credentials(words, client.headers));
  if (out.state == ProbeState::found || out.state == ProbeState::rejected) {
    out.acknowledged =
        Duration{std::chrono::duration<double>(answer.done_time - answer.send_time).count()};
  }
  if (out.state == ProbeState::rejected && out.words.empty()) {
    out.words = "the receiver gives no reason";
  }
  if (answer.rejected > 0) {
    out.words = "partial success, in which it is rejected: " + out.words;
  }
  return out;
}

template <class Client>
ProbeSents exchange(const otlp::ClientOptions& options, const ProbeIdentity& identity,
                    const StopFlag& stop) {
  std::array<std::string, catalog::k_signals.size()>
      bodies;  // outlive the client, which reads them
  auto client = Client::create(options);
  if (!client) {
    return all_unsent(client.error().message);
  }
  ProbeSents out = all_unsent("no answer");
  const otlp::Time start = otlp::Clock::now();
  for (const catalog::Signal signal : catalog::k_signals) {
    const auto i = static_cast<std::size_t>(signal);
    bodies[i] = probe_request(identity, signal, options.encoding);
    if (!client->submit({.signal = otlp_signal(signal),
                         .tag = i,
                         .body = otlp::bytes_of(bodies[i]),
                         .intended = start})) {
      out[i].words = "the client has no free connection";
    }
  }
  const otlp::Time deadline = start + options.timeout + 1s;
  while (client->in_flight() > 0 && otlp::Clock::now() < deadline &&
         stop.level() == StopLevel::none) {
    for (const otlp::Completion& answer : client->wait(otlp::Clock::now() + 100ms)) {
      out[answer.tag] = read_answer(answer, options);
    }
  }
  return out;
}

}  // namespace

ProbeSents send_probe(const ProbeReceiver& receiver, const ProbeIdentity& identity,
                      Duration timeout, const StopFlag& stop) {
  if (receiver.error) {
    return all_unsent(receiver.error->message);
  }
  otlp::ClientOptions options = receiver.target.client;
  options.timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(timeout.seconds));
  options.connect_timeout = std::min(options.connect_timeout, options.timeout);
  // HTTP/1.1 carries one request at a time.
  const bool grpc = receiver.target.protocol == otlp::Protocol::grpc;
  options.connections = grpc ? 1 : static_cast<unsigned>(catalog::k_signals.size());
  return grpc ? exchange<otlp::GrpcClient>(options, identity, stop)
              : exchange<otlp::OtlpHttpClient>(options, identity, stop);
}

}  // namespace obsctl::health
