// SPDX-License-Identifier: Apache-2.0
// Which components a sizing counts, with their rules and what each keeps on its disk.
#pragma once

#include <string>
#include <vector>

#include "lib/catalog/stack.hpp"
#include "lib/sizing/load.hpp"

namespace obsctl::sizing {

// A signal on a component's disk.
struct Kept {
  Signal signal = Signal::traces;
  bool passing = false;  // for a few days, on its way to the store that keeps it for the retention
};

struct Selected {
  std::string name;
  std::string title;
  std::string role;
  int instances = 1;
  const catalog::TierComponent* row = nullptr;      // of the tier's table; null: not in it
  const catalog::ComponentSizing* rules = nullptr;  // null: it has none
  std::vector<Kept> keeps;
};

// An error where the spec chooses a store that the tier's table does not have: only one host's
// stack can be chosen.
[[nodiscard]] Result<void> check_stores(const StackSpec& spec, const catalog::Tier& tier,
                                        const catalog::ChosenStack& stack,
                                        const Catalogs& catalogs);

// The tier's table with the chosen stores in the places of its own, where one host carries it.
[[nodiscard]] catalog::Tier chosen_tier(const catalog::Tier& tier,
                                        const catalog::ChosenStack& stack,
                                        const Catalogs& catalogs);

// On one host the components of the chosen stack; else the tier's table.
[[nodiscard]] std::vector<Selected> select_components(const catalog::Tier& tier,
                                                      const catalog::ChosenStack& stack,
                                                      const Catalogs& catalogs);

// The rule of the store of each signal.
[[nodiscard]] StoreRules store_rules(const std::vector<Selected>& components);

}  // namespace obsctl::sizing
