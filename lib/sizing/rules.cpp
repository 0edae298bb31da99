// SPDX-License-Identifier: Apache-2.0
// Memory and CPU rules of each model: the documents' for any store of a signal, the published ones
// by component.
#include "lib/sizing/components.hpp"
#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing {
namespace {

bool is_collector(const std::string& role) {
  return role == "collector";
}

Quantity documented_store_memory(const ComponentInputs& in, Signal signal) {
  switch (signal) {
    case Signal::metrics: return calc("F10", "metrics store memory", {in.load.series});
    case Signal::traces: {
      const Quantity active =
          calc("F27", "active traces", {in.load.decision_wait, in.load.traces.input()});
      return calc("F09", "trace store memory", {active.input()});
    }
    case Signal::logs: break;
  }
  return calc("F11", "log store memory", {in.load.streams.input()});
}

std::optional<Quantity> documented_memory(const ComponentInputs& in,
                                          const catalog::TierComponent& row) {
  if (is_collector(row.role)) {
    return calc("F05", "collector memory", {in.load.events.input()});
  }
  std::vector<Quantity> parts;
  for (const Signal signal : catalog::k_signals) {
    if (in.catalogs.stores(row.component, signal)) {
      parts.push_back(documented_store_memory(in, signal));
    }
  }
  return parts.empty()       ? std::nullopt
         : parts.size() == 1 ? std::optional(parts.front())
                             : std::optional(sum_of("memory of the store", parts));
}

std::optional<Quantity> published_rule(const ComponentInputs& in, const catalog::TierComponent& row,
                                       OwnRules::Rule OwnRules::*resource) {
  const OwnRules* own = own_rules(row.component);
  const auto rule = own != nullptr ? own->*resource : nullptr;
  return rule != nullptr ? std::optional(rule(in)) : std::nullopt;
}

}  // namespace

bool belongs(const Catalogs& catalogs, const std::string& component, const std::string& role,
             const Part& part) {
  return part ? catalogs.stores(component, *part) : is_collector(role);
}

const catalog::TierComponent* row_of(const LoadInputs& in, const Part& part) {
  for (const auto& row : in.tier.components) {
    if (belongs(in.catalogs, row.component, row.role, part)) {
      return &row;
    }
  }
  return nullptr;
}

std::optional<Quantity> memory_rule(const ComponentInputs& in, const catalog::TierComponent& row) {
  switch (in.model) {
    case Model::recommended:  // by the rules of the component's folder (recommend.cpp)
    case Model::table: return std::nullopt;
    case Model::published: return published_rule(in, row, &OwnRules::memory);
    case Model::documented:
    case Model::measured:
      break;  // memory does not scale from one measurement: the documented formula stays
  }
  return documented_memory(in, row);
}

std::optional<Quantity> cpu_rule(const ComponentInputs& in, const catalog::TierComponent& row) {
  if (in.model == Model::published) {
    return published_rule(in, row, &OwnRules::cores);
  }
  const bool documented = in.model == Model::documented || in.model == Model::measured;
  return documented && is_collector(row.role)
             ? std::optional(calc("F06", "collector cores", {in.load.events.input()}))
             : std::nullopt;
}

}  // namespace obsctl::sizing
