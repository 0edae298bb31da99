// Which components a sizing counts, with their rules and what each keeps on its disk.
#pragma once

#include <string>
#include <vector>

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

// The tier's table with the stores that the spec chooses in the places of its own, where one host
// carries it. Errors: those of the choice.
[[nodiscard]] Result<catalog::Tier> chosen_tier(const StackSpec& spec, const catalog::Tier& tier,
                                                const Catalogs& catalogs);

// On one host the components of its stack, as the spec chooses them; else the tier's table. Errors:
// those of the choice.
[[nodiscard]] Result<std::vector<Selected>> select_components(const StackSpec& spec,
                                                              const catalog::Tier& tier,
                                                              const Catalogs& catalogs);

// The rule of the store of each signal.
[[nodiscard]] StoreRules store_rules(const std::vector<Selected>& components);

}  // namespace obsctl::sizing
