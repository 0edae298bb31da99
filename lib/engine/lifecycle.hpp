// SPDX-License-Identifier: Apache-2.0
// Stopping and starting containers, for backups, restores and upgrades.
#pragma once

#include <optional>
#include <string>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/http.hpp"

namespace obsctl::engine {

// Asks its process to end and waits for it; after `grace` the engine kills it. One that does not
// run is no error. Errors: Code::missing, Code::unreachable.
[[nodiscard]] Result<void> stop_container(HttpClient& http, const Environment& environment,
                                          const std::string& id, Duration grace);

// One that runs already is no error. Errors: the engine cannot start it, with its words.
[[nodiscard]] Result<void> start_container(HttpClient& http, const Environment& environment,
                                           const std::string& id);

}  // namespace obsctl::engine
