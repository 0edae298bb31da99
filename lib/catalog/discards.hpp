// SPDX-License-Identifier: Apache-2.0
// How a store counts what it does not keep: templates/components/<name>/ledger.yaml, so that the ledger
// can say why a store refused items, and finds those that it threw away after it had said yes.
#pragma once

#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/catalog/signal.hpp"

namespace obsctl::catalog {

// A counter of items, or the part of it that has some values of a label.
struct Discard {
  std::string component;
  Signal signal = Signal::traces;
  std::string metric;               // in the one form of names, without "_total"
  std::string by;                   // the label with the reason; empty: `reason` is it
  std::vector<std::string> values;  // of that label; empty: those that no row above names
  std::string reason;               // "out of order"
  // The type of the error by which the sender is told, "InvalidArgument"; empty: it is told that all
  // is well.
  std::string told;
  // What else is in a request with such items is stored, whatever the sender is told; then each item
  // is counted once when it is refused for good.
  bool rest_kept = false;
};

// Errors: unknown or missing keys, an unknown signal, a row without a reason; all of a file, each with
// file:line:column.
[[nodiscard]] Result<std::vector<Discard>> parse_discards(const SourceText& source,
                                                          const std::string& component);

}  // namespace obsctl::catalog
