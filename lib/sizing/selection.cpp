// Selects the components of a sizing.
#include "lib/sizing/selection.hpp"

#include <algorithm>

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

Selected extra(const std::string& name, const std::string& title, const Catalogs& catalogs) {
  Selected out;
  out.name = name;
  out.title = title;
  out.role = "accessory";
  out.rules = rules_of(catalogs, name);
  return out;
}

// Puts the backend behind the component that stores metrics by default, which then only keeps them
// on their way.
void add_metrics_backend(const std::string& backend, const Catalogs& catalogs,
                         std::vector<Selected>& all) {
  const auto same = std::ranges::find(all, backend, &Selected::name);
  const auto stores = [](const Selected& component) {
    return std::ranges::any_of(component.keeps,
                               [](const Kept& kept) { return kept.signal == "metrics"; });
  };
  const auto front = std::ranges::find_if(all, stores);
  if (same != all.end() || front == all.end() || rules_of(catalogs, backend) == nullptr) {
    return;
  }
  Selected store = extra(backend, backend, catalogs);
  store.role = "storage";
  store.keeps = {{.signal = "metrics"}};
  for (auto& kept : front->keeps) {
    kept.passing = kept.passing || kept.signal == "metrics";
  }
  all.insert(front + 1, std::move(store));
}

}  // namespace

std::vector<Selected> select_components(const StackSpec& spec, const catalog::Tier& tier,
                                        const Catalogs& catalogs) {
  std::vector<Selected> out;
  for (const auto& row : tier.components) {
    out.push_back(of_row(row, catalogs));
  }
  if (tier.single_node) {
    add_metrics_backend(spec.metrics.backend, catalogs, out);
  }
  for (const auto& name : tier.also) {
    out.push_back(extra(name, name, catalogs));
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
      const bool passing = std::ranges::any_of(component.keeps, [&](const Kept& kept) {
        return kept.signal == signal && kept.passing;
      });
      if (rule != component.rules->stores.end() && !passing) {
        out.try_emplace(signal, rule->second);
      }
    }
  }
  return out;
}

}  // namespace obsctl::sizing
