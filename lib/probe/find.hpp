// SPDX-License-Identifier: Apache-2.0
// Looks for the probe's items in the stores, by the components' find.yaml.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "lib/catalog/find.hpp"
#include "lib/probe/items.hpp"
#include "lib/probe/probe.hpp"

namespace obsctl::health {

// A store of a signal, and where it is asked.
struct ProbeStore {
  std::string component;
  std::string title;
  catalog::FindAsk ask;
  std::optional<std::string> url = {};  // without a path; nothing: not reachable from here
  Duration budget = {0};                // documented delays until an item can be found
};

struct ProbePlan {
  std::vector<ProbeStore> stores;
  std::vector<catalog::FindDelay> delays;  // of all components
};

// What the find.yaml of the subject's components say, with the values of its stack. Errors: one is
// not valid, or names a port that the component does not have.
[[nodiscard]] Result<ProbePlan> plan_probe(const Subject& subject);

// How long a store is asked, and one question to it.
struct ProbePatience {
  Duration within;
  Duration timeout;
};

// Asks until the item is there, first at once and then less and less often. A store that cannot be
// reached twice in a row, or refuses the question, is not asked again. One that never looked is
// `unasked`, not `missing`. `sent` is on the services' clock.
[[nodiscard]] ProbeSighting look_for(const Services& services, const ProbeStore& store,
                                     const ProbeIdentity& identity,
                                     std::chrono::steady_clock::time_point sent,
                                     ProbePatience patience);

}  // namespace obsctl::health
