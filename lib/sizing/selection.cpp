// SPDX-License-Identifier: Apache-2.0
// Selects the components of a sizing.
#include "lib/sizing/selection.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::sizing {
namespace {

const catalog::ComponentSizing* rules_of(const catalog::TierComponent& row, bool single_node,
                                         const Catalogs& catalogs) {
  const auto* cluster = catalogs.sizing_of(catalog::cluster_of(row.component));
  return single_node || cluster == nullptr ? catalogs.sizing_of(row.component) : cluster;
}

Selected of_row(const catalog::TierComponent& row, bool single_node, const Catalogs& catalogs) {
  Selected out;
  out.name = row.name;
  out.title = row.title;
  out.role = row.role;
  out.instances = row.instances;
  out.row = &row;
  out.rules = rules_of(row, single_node, catalogs);
  for (const Signal signal : row.stores) {
    out.keeps.push_back({.signal = signal});
  }
  return out;
}

// A component of a stack. It keeps the signals that its rules store; those that a chosen store
// keeps for good only pass through the others.
Selected of_stack(const std::string& name, const catalog::Tier& tier, const Catalogs& catalogs) {
  if (const catalog::TierComponent* row = tier.find(name)) {
    Selected out = of_row(*row, tier.single_node, catalogs);
    out.keeps.clear();
    return out;
  }
  Selected out;
  out.name = name;
  out.title = catalogs.components.at(name).title;
  out.role = "accessory";
  out.rules = catalogs.sizing_of(name);
  return out;
}

bool stores(const Selected& component, Signal signal) {
  return component.rules != nullptr && component.rules->stores.contains(signal);
}

bool is_chosen(const catalog::ChosenStack& stack, const std::string& component) {
  return std::ranges::any_of(stack.chosen,
                             [&](const auto& choice) { return choice.second == component; });
}

// The component that keeps a signal for its retention: one that the spec or a default chose.
std::string keeper(const std::vector<Selected>& all, const catalog::ChosenStack& stack,
                   Signal signal) {
  std::string out;
  for (const auto& component : all) {
    if (stores(component, signal) && (is_chosen(stack, component.name) || out.empty())) {
      out = component.name;
    }
  }
  return out;
}

bool share_a_signal(const Catalogs& catalogs, const std::string& a, const std::string& b) {
  return std::ranges::any_of(catalog::k_signals, [&](Signal signal) {
    return catalogs.stores(a, signal) && catalogs.stores(b, signal);
  });
}

// One row for a component that takes the places of two.
void join_rows(const catalog::TierComponent& from, catalog::TierComponent& into) {
  into.cpus += from.cpus;
  into.memory.value += from.memory.value;
  into.disk.value += from.disk.value;
  into.total_disk.value += from.total_disk.value;
  into.stores.insert(into.stores.end(), from.stores.begin(), from.stores.end());
}

// Puts a component into the rows of the stores that were not chosen and whose signals it stores.
void take_places(const std::string& name, const catalog::ChosenStack& stack,
                 const Catalogs& catalogs, catalog::Tier& tier) {
  std::vector<catalog::TierComponent> rows;
  for (auto& row : tier.components) {
    if (!is_chosen(stack, row.component) && share_a_signal(catalogs, row.component, name)) {
      row.name = row.component = name;
      row.title = catalogs.components.at(name).title;
    }
    const auto same = std::ranges::find(rows, row.name, &catalog::TierComponent::name);
    if (same != rows.end()) {
      join_rows(row, *same);
    } else {
      rows.push_back(std::move(row));
    }
  }
  tier.components = std::move(rows);
}

// Where the tier's table stores what `name` would store; empty: there, or nowhere.
const catalog::TierComponent* stored_elsewhere(const catalog::Tier& tier, const std::string& name,
                                               const Catalogs& catalogs) {
  const catalog::TierComponent* other = nullptr;
  for (const auto& row : tier.components) {
    if (row.component == name) {
      return nullptr;
    }
    if (other == nullptr && share_a_signal(catalogs, row.component, name)) {
      other = &row;
    }
  }
  return other;
}

// A tier that one host carries; its stores can be chosen.
Settings one_host_tier(const Catalogs& catalogs) {
  const auto tier = std::ranges::find_if(catalogs.tiers, &catalog::Tier::single_node);
  return tier == catalogs.tiers.end() ? Settings{} : Settings{{"tier", tier->name}};
}

}  // namespace

Result<void> check_stores(const StackSpec& spec, const catalog::Tier& tier,
                          const catalog::ChosenStack& stack, const Catalogs& catalogs) {
  for (const auto& entry : catalogs.single_node) {
    if (tier.single_node || !spec.asked.contains(entry.chosen_by)) {
      continue;
    }
    const std::string& name = stack.chosen.at(entry.provides);
    if (const auto* other = stored_elsewhere(tier, name, catalogs)) {
      return fail_setting(
          entry.chosen_by,
          fmt::format("'{}' has no effect in the {} tier, which has {} and not {}", entry.chosen_by,
                      tier.name, other->title, catalogs.components.at(name).title),
          "leave it out, or use a tier whose stores can be chosen", one_host_tier(catalogs));
    }
  }
  return {};
}

catalog::Tier chosen_tier(const catalog::Tier& tier, const catalog::ChosenStack& stack,
                          const Catalogs& catalogs) {
  catalog::Tier out = tier;
  if (tier.single_node) {
    for (const auto& [capability, name] : stack.chosen) {
      take_places(name, stack, catalogs, out);
    }
  }
  return out;
}

std::vector<Selected> select_components(const catalog::Tier& tier,
                                        const catalog::ChosenStack& stack,
                                        const Catalogs& catalogs) {
  std::vector<Selected> out;
  if (!tier.single_node) {
    for (const auto& row : tier.components) {
      out.push_back(of_row(row, tier.single_node, catalogs));
    }
    return out;
  }
  for (const auto& name : stack.components) {
    out.push_back(of_stack(name, tier, catalogs));
  }
  for (const Signal signal : catalog::k_signals) {
    const std::string store = keeper(out, stack, signal);
    for (auto& component : out) {
      if (stores(component, signal)) {
        component.keeps.push_back({.signal = signal, .passing = component.name != store});
      }
    }
  }
  return out;
}

StoreRules store_rules(const std::vector<Selected>& components) {
  StoreRules out;
  for (const auto& component : components) {
    if (component.rules == nullptr) {
      continue;
    }
    for (const Signal signal : catalog::k_signals) {
      const auto rule = component.rules->stores.find(signal);
      const bool passing = std::ranges::any_of(
          component.keeps, [&](const Kept& kept) { return kept.signal == signal && kept.passing; });
      if (rule != component.rules->stores.end() && !passing) {
        out.try_emplace(signal, rule->second);
      }
    }
  }
  return out;
}

}  // namespace obsctl::sizing
