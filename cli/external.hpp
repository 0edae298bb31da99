// SPDX-License-Identifier: Apache-2.0
// External commands: a program obsctl-NAME on PATH runs as `obsctl NAME`, as with git.
#pragma once

#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"

namespace obsctl::cli {

// Names of all external commands on PATH, sorted, each once.
[[nodiscard]] std::vector<std::string> external_commands(const Environment& environment);

// Replaces this process by obsctl-NAME; returns only when there is no such program or it cannot
// start.
[[nodiscard]] Error run_external(const std::string& name, const std::vector<std::string>& words,
                                 const Environment& environment);

}  // namespace obsctl::cli
