// SPDX-License-Identifier: Apache-2.0
// Sends the three items of one protocol side by side, so that a dead receiver costs one timeout.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "lib/io/signals.hpp"
#include "lib/probe/items.hpp"
#include "lib/probe/probe.hpp"

namespace obsctl::health {

// What became of one item at the receiver.
struct ProbeSent {
  ProbeState state = ProbeState::unsent;          // found: accepted, and not looked for yet
  std::optional<Duration> acknowledged = {};      // since it was sent
  std::chrono::steady_clock::time_point at = {};  // when it was sent
  int status = -1;                                // of gRPC or HTTP, when one arrived
  std::string words = {};
};

using ProbeSents = std::array<ProbeSent, catalog::k_signals.size()>;

// By signal.
[[nodiscard]] ProbeSents send_probe(const ProbeReceiver& receiver, const ProbeIdentity& identity,
                                    Duration timeout, const StopFlag& stop);

}  // namespace obsctl::health
