// SPDX-License-Identifier: Apache-2.0
// The places for connections in a gRPC client, and where they lead.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lib/otlp/h2_connection.hpp"

namespace obsctl::otlp {

inline constexpr auto k_first_backoff = std::chrono::milliseconds(50);
inline constexpr auto k_last_backoff = std::chrono::seconds(2);

// Where connections go, with what is the same for all of them.
struct GrpcTarget {
  Endpoint endpoint;
  std::vector<Address> addresses;
  GrpcHeaders headers;
};

// A place for one connection; a lost connection is replaced in its place, with growing pauses when
// connecting fails, during which requests fail at once instead of piling up.
struct GrpcLane {
  GrpcLane(GrpcEvents& events, const GrpcTarget& its_target, ClientStats& stats,
           std::size_t max_response)
      : target(its_target), connection(events, its_target.headers, stats, max_response) {}

  const GrpcTarget& target;
  H2Connection connection;
  std::vector<GrpcCall*> pending = {};  // waiting for the connection to be ready
  std::size_t in_flight = 0;            // pending and given to the connection
  std::size_t next_address = 0;
  std::size_t untried = 0;  // addresses left, before connecting counts as failed
  std::uint32_t armed = 0;  // epoll events; 0: not watched
  bool was_ready = false;   // since start()
  bool settled = true;      // its end has been dealt with
  bool dirty = false;       // has something to flush
  Time retry_at = {};
  Time connect_deadline = {};
  std::chrono::nanoseconds backoff = k_first_backoff;
  std::string error = {};
};

}  // namespace obsctl::otlp
