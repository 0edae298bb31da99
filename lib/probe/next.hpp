// SPDX-License-Identifier: Apache-2.0
// What a result of the probe means for a person: the hop where an item stopped, the next command,
// and what sampling does to it.
#pragma once

#include <string>

#include "lib/probe/probe.hpp"

namespace obsctl::health {

// Sets `stopped` and `next`; both stay empty when the item was found.
void say_where_it_stopped(ProbeResult& result, const Subject& subject);

// One sentence; empty where every trace is kept.
[[nodiscard]] std::string sampling_note(const Subject& subject);

}  // namespace obsctl::health
