// SPDX-License-Identifier: Apache-2.0
// What runs on the container engine's host beside a stack: whose it is and which ports it holds.
#pragma once

#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"

namespace obsctl {

struct HeldPort {
  std::string address;  // of the host; "0.0.0.0" and "::" are all of them
  int number = 0;
};

struct EngineContainer {
  std::string name;
  std::string project;          // of Compose; empty for other containers
  std::string directory;        // of that project, absolute on the machine where Compose was run
  std::vector<HeldPort> ports;  // TCP, published while it runs
};

// All containers, also those that are stopped. Errors: as engine_host(). What an entry does not say,
// or says in a form that no engine uses, counts as not said.
[[nodiscard]] Result<std::vector<EngineContainer>> engine_containers(
    HttpClient& http, const Environment& environment);

}  // namespace obsctl
