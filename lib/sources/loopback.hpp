// SPDX-License-Identifier: Apache-2.0
// Which ports a program listens on for its own container alone: it seems to run well, and nobody else
// reaches it.
#pragma once

#include <set>
#include <string_view>

namespace obsctl::health {

struct ListeningPorts {
  std::set<int> loopback;   // on 127.0.0.0/8 or ::1
  std::set<int> reachable;  // on any other address
};

// Adds what a table of the kernel says: /proc/PID/net/tcp or tcp6. Lines of another form are passed
// over.
void read_listening(std::string_view table, ListeningPorts& into);

}  // namespace obsctl::health
