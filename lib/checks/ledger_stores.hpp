// SPDX-License-Identifier: Apache-2.0
// What the stores know about the items of a ledger: why they refused some, and which they threw away
// although the collector was told that they are stored.
#pragma once

#include <vector>

#include "lib/catalog/discards.hpp"
#include "lib/checks/ledger.hpp"

namespace obsctl::health {

// Takes it into lines made from the collectors' counters. A signal that several collectors pass on is
// left alone: a store does not say whose items it threw away.
void add_discards(std::vector<LedgerLine>& lines, const Evidence& evidence,
                  const std::vector<catalog::Discard>& discards);

}  // namespace obsctl::health
