// SPDX-License-Identifier: Apache-2.0
// Where the engine keeps volumes, and which of those asked for exist.
#pragma once

#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"

namespace obsctl {

struct EngineVolume {
  std::string name;
  std::string mountpoint;  // absolute, on the engine's host; empty: not said
  // Its bytes are below `mountpoint` itself, and not on what is mounted there (NFS, another folder).
  bool plain = false;
};

// Those of `names` that exist, with one question. Errors: as engine_host().
[[nodiscard]] Result<std::vector<EngineVolume>> engine_volumes(
    HttpClient& http, const Environment& environment, const std::vector<std::string>& names);

}  // namespace obsctl
