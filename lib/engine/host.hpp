// SPDX-License-Identifier: Apache-2.0
// What the container engine says about the host that it runs containers on, which is not always the
// machine that obsctl runs on: an engine may be remote, or live in a virtual machine.
#pragma once

#include <string>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"

namespace obsctl {

struct EngineHost {
  double cpus = 0;
  Bytes memory;
  std::string name;
  std::string root_dir;      // absolute, on that host; below it are the images and the volumes
  std::string time;          // its clock when it answered, RFC 3339; empty: not said
  std::string api_version;   // the newest that it speaks, "1.41"; empty: not said
  std::string version = {};  // "20.10.24"; empty: not said
};

// Asks Docker, or what speaks its API, with GET /info at DOCKER_HOST or at the default socket, for
// two seconds at most. Errors: Code::unreachable when there is no engine or none that can be asked
// (ssh:// cannot), Code::failed when its answer makes no sense.
[[nodiscard]] Result<EngineHost> engine_host(HttpClient& http, const Environment& environment);

// The version of its API for engines that do not say it with every answer. Errors: as engine_host().
[[nodiscard]] Result<std::string> engine_api_version(HttpClient& http,
                                                     const Environment& environment);

}  // namespace obsctl
