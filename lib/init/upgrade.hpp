// SPDX-License-Identifier: Apache-2.0
// What an operator has to know when the versions of a stack's components move.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/init/notes.hpp"
#include "lib/model/topology.hpp"

namespace obsctl::init {

// Versions by component, as the manifest keeps them.
using Versions = std::map<std::string, std::string>;

[[nodiscard]] Versions versions_of(const Topology& topology);

// A note for each change that lies between `before` and what the topology runs. Components that are
// new, or whose version was not written down, have none. Errors: a versions.yaml that is wrong.
[[nodiscard]] Result<std::vector<Note>> upgrade_notes(const Versions& before,
                                                      const Topology& topology);

}  // namespace obsctl::init
