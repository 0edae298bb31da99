// SPDX-License-Identifier: Apache-2.0
// Holds the model's rule against the tier's row for every component and takes the larger.
#include "lib/sizing/components.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/catalog/documents.hpp"
#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing {
namespace {

const ComponentOverride* override_of(const StackSpec& spec, const std::string& name) {
  const auto found = spec.components.find(name);
  return found == spec.components.end() ? nullptr : &found->second;
}

// Instances over which a rule for all instances is divided.
double divisor(const ComponentInputs& in, const ComponentPlan& plan) {
  if (!belongs(in.catalogs, plan.name, plan.role, k_collectors) || in.model == Model::published) {
    return plan.instances;  // published: every pool carries the whole load
  }
  double all = 0;  // the documents' formula is for all collectors together
  for (const auto& row : in.tier.components) {
    if (belongs(in.catalogs, row.component, row.role, k_collectors)) {
      all += row.name == plan.name ? plan.instances : row.instances;
    }
  }
  return all;
}

std::optional<Quantity> per_instance(const std::optional<Quantity>& total, double instances,
                                     const char* name) {
  if (!total || instances <= 0) {
    return std::nullopt;
  }
  return calc("D06", name, {total->input(), {"instances", instances, "", "tier table"}},
              total->unit);
}

// The larger of formula and table, with the reason.
void choose(Choice& choice, const std::string& unit) {
  const double table = choice.table.value;
  if (!choice.formula) {
    choice.chosen = choice.table;
    choice.reason = table > 0 ? "table, no formula" : "none needed";
    return;
  }
  const bool formula_wins = choice.formula->value > table;
  choice.chosen = formula_wins ? *choice.formula : choice.table;
  choice.chosen.unit = unit;
  choice.reason = formula_wins ? "formula exceeds the table" : "table covers the formula";
}

Quantity table_value(const ComponentPlan& plan, const char* what, double value, const char* unit,
                     const std::string& tier_source, bool overridden) {
  return given(fmt::format("{} {} of the table", plan.name, what), value, unit,
               overridden ? fmt::format("components.{}.{}", plan.name, what) : tier_source);
}

// The table's numbers, or the spec's in their place.
void read_table(const ComponentInputs& in, const catalog::TierComponent& row, ComponentPlan& out) {
  const ComponentOverride* limits = override_of(in.spec, out.name);
  const bool own_cpus = limits != nullptr && limits->cpus;
  const bool own_memory = limits != nullptr && limits->memory;
  const bool own_disk = limits != nullptr && limits->disk;
  const double table_disk =
      row.instances > 0 ? row.disk.gb() : row.total_disk.gb();  // a managed store counts as one
  out.cpus.table = table_value(out, "cpus", own_cpus ? *limits->cpus : row.cpus, "cores",
                               catalog::k_documents, own_cpus);
  out.memory.table = table_value(out, "memory", own_memory ? limits->memory->gb() : row.memory.gb(),
                                 "GB", catalog::k_documents, own_memory);
  out.disk.table = table_value(out, "disk", own_disk ? limits->disk->gb() : table_disk, "GB",
                               catalog::k_documents, own_disk);
}

void plan_disk(const ComponentInputs& in, ComponentPlan& plan) {
  if (plan.stores.empty()) {
    return;
  }
  std::vector<Quantity> parts;
  for (const Signal signal : catalog::k_signals) {
    if (std::ranges::find(plan.stores, signal) != plan.stores.end()) {
      parts.push_back(plan_of(in.signals, signal).stored);
    }
  }
  const Quantity total = parts.size() == 1 ? parts.front() : sum_of("stored", parts);
  plan.disk.formula = per_instance(total, std::max(plan.instances, 1), "disk per instance");
}

ComponentPlan plan_component(const ComponentInputs& in, const catalog::TierComponent& row) {
  ComponentPlan out;
  out.name = row.name;
  out.title = row.title;
  out.role = row.role;
  out.stores = row.stores;
  out.table_instances = row.instances;
  Instances instances = count_instances(in, row.name, {row.instances, "tier table"});
  out.instances = instances.count;
  out.instances_reason = std::move(instances.reason);
  read_table(in, row, out);
  const double divided = divisor(in, out);
  out.cpus.formula = per_instance(cpu_rule(in, row), divided, "cores per instance");
  out.memory.formula = per_instance(memory_rule(in, row), divided, "memory per instance");
  plan_disk(in, out);
  if (const OwnRules* own = own_rules(row.component); own != nullptr && own->formulas != nullptr) {
    own->formulas(in, out);
  }
  choose(out.cpus, "cores");
  choose(out.memory, "GB");
  choose(out.disk, "GB");
  return out;
}

}  // namespace

Instances count_instances(const LoadInputs& in, const std::string& component, Instances planned) {
  const OwnRules* own = own_rules(component);
  if (own != nullptr && own->instances != nullptr) {
    if (Instances asked = own->instances(in.spec); asked.count > 0) {
      planned = std::move(asked);
    }
  }
  for (const auto& rule : in.catalogs.models.ha) {
    if (in.spec.sizing.ha && rule.component == component && rule.minimum > planned.count) {
      planned = {rule.minimum, "high availability"};
    }
  }
  return planned;
}

std::vector<ComponentPlan> plan_components(const ComponentInputs& in) {
  std::vector<ComponentPlan> out;
  out.reserve(in.tier.components.size());
  for (const auto& row : in.tier.components) {
    out.push_back(plan_component(in, row));
  }
  return out;
}

}  // namespace obsctl::sizing
