// Selects the components of a sizing.
#include "lib/sizing/selection.hpp"

#include <algorithm>

#include "lib/catalog/stack.hpp"

namespace obsctl::sizing {
namespace {

constexpr const char* k_signals[] = {"traces", "metrics", "logs"};

const catalog::ComponentSizing* rules_of(const Catalogs& catalogs, const std::string& name) {
  const auto found = catalogs.rules.find(name);
  return found == catalogs.rules.end() ? nullptr : &found->second;
}

// A pool of collectors is sized like one, whatever it is called in its tier.
constexpr const char* k_collector_rules = "otel-collector";

Selected of_row(const catalog::TierComponent& row, const Catalogs& catalogs) {
  Selected out;
  out.name = row.name;
  out.title = row.title;
  out.role = row.role;
  out.instances = row.instances;
  out.row = &row;
  out.rules = rules_of(catalogs, row.role == "collector" ? k_collector_rules : row.name);
  for (const auto& signal : row.stores) {
    out.keeps.push_back({.signal = signal});
  }
  return out;
}

// A component of a stack. It keeps the signals that its rules store; those that a chosen store
// keeps for good only pass through the others.
Selected of_stack(const std::string& name, const catalog::Tier& tier, const Catalogs& catalogs) {
  if (const catalog::TierComponent* row = tier.find(name)) {
    Selected out = of_row(*row, catalogs);
    out.keeps.clear();
    return out;
  }
  Selected out;
  out.name = name;
  out.title = catalogs.components.at(name).title;
  out.role = "accessory";
  out.rules = rules_of(catalogs, name);
  return out;
}

bool stores(const Selected& component, const std::string& signal) {
  return component.rules != nullptr && component.rules->stores.contains(signal);
}

// The component that keeps a signal for its retention: one that the spec or a default chose.
std::string keeper(const std::vector<Selected>& all, const catalog::ChosenStack& stack,
                   const std::string& signal) {
  std::string out;
  for (const auto& component : all) {
    const bool chosen = std::ranges::any_of(
        stack.chosen, [&](const auto& choice) { return choice.second == component.name; });
    if (stores(component, signal) && (chosen || out.empty())) {
      out = component.name;
    }
  }
  return out;
}

}  // namespace

Result<std::vector<Selected>> select_components(const StackSpec& spec, const catalog::Tier& tier,
                                                const Catalogs& catalogs) {
  std::vector<Selected> out;
  if (!tier.single_node) {
    for (const auto& row : tier.components) {
      out.push_back(of_row(row, catalogs));
    }
    return out;
  }
  OBS_TRY_ASSIGN(const auto stack,
                 catalog::choose_stack(spec, catalogs.single_node, catalogs.components));
  for (const auto& name : stack.components) {
    out.push_back(of_stack(name, tier, catalogs));
  }
  for (const char* signal : k_signals) {
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
    for (const char* signal : k_signals) {
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
