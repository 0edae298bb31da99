// SPDX-License-Identifier: Apache-2.0
// What the engine says about the containers of one Compose project: which there are, how each is set
// up and fares, and what it uses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"

namespace obsctl {

// A row of the engine's list. Containers of `docker compose run` are not in it.
struct ComposeContainer {
  std::string id;
  std::string name;
  std::string service;
  std::string state;          // "running", "exited", "restarting"
  std::string status;         // for people, "Up 2 hours (healthy)"
  std::string address;        // in one of its networks; empty: it has none
  std::string image = {};     // as it was asked for
  std::string image_id = {};  // "sha256:…", of the engine's own
  bool operator==(const ComposeContainer&) const = default;
};

// Also those that are stopped. Errors: as engine_host(). What a row does not say counts as not said.
[[nodiscard]] Result<std::vector<ComposeContainer>> compose_containers(
    HttpClient& http, const Environment& environment, const std::string& project);

// How one container is set up and fares. What the engine does not say is empty, 0 or nothing.
struct ContainerFacts {
  std::string state;
  bool running = false;  // also while it is paused, or waits for a restart
  bool restarting = false;
  bool paused = false;
  bool oom_killed = false;
  double exit_code = 0;
  double restarts = 0;
  std::string started;                      // RFC 3339; the year 1 for never
  std::string finished;                     // the same
  int pid = 0;                              // on the engine's host; 0: it does not run
  std::string health;                       // "healthy"; empty: it has no health check
  std::string health_output;                // of the last check
  std::string image;                        // as it was asked for
  std::optional<double> memory_limit = {};  // bytes; 0: none
  std::optional<double> cpu_limit = {};     // cores; 0: none
  std::string restart_policy;
  std::string log_driver;
  bool log_max_size = false;
  double nofile = 0;  // 0: the engine's default
  double stop_seconds = 10;
};

// Errors: as engine_host().
[[nodiscard]] Result<ContainerFacts> inspect_container(HttpClient& http,
                                                       const Environment& environment,
                                                       const std::string& id);

// What it uses now, and how often the kernel held its processes back for want of processor time.
struct ContainerUse {
  std::optional<double> memory;  // bytes, without the page cache that is given back when needed
  std::optional<double> cpu_seconds = {};  // of processor time, since it started
  double cpu_periods = 0;  // since it started; they only count where there is a limit
  double cpu_throttled = 0;
};

// Errors: as engine_host().
[[nodiscard]] Result<ContainerUse> container_use(HttpClient& http, const Environment& environment,
                                                 const std::string& id);

}  // namespace obsctl
