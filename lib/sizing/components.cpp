// Holds the model's rule against the tier's row for every component and takes the larger.
#include "lib/sizing/components.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace obsctl::sizing {
namespace {

std::optional<Part> part_of(const catalog::TierComponent& row) {
  if (row.role == "collector") {
    return Part::collector;
  }
  if (row.name == "prometheus" || row.name == "mimir") {
    return Part::metrics;
  }
  if (row.name == "jaeger" || row.name == "tempo") {
    return Part::traces;
  }
  if (row.name == "loki") {
    return Part::logs;
  }
  return std::nullopt;
}

const ComponentOverride* override_of(const StackSpec& spec, const std::string& name) {
  const auto found = spec.components.find(name);
  return found == spec.components.end() ? nullptr : &found->second;
}

void plan_instances(const ComponentInputs& in, const catalog::TierComponent& row,
                    ComponentPlan& out) {
  out.table_instances = row.instances;
  out.instances = row.instances;
  out.instances_reason = "tier table";
  if (row.name == "kafka" && in.spec.sizing.kafka_brokers > 0) {
    out.instances = static_cast<int>(in.spec.sizing.kafka_brokers);
    out.instances_reason = "sizing.kafka_brokers";
  }
  if (!in.spec.sizing.ha) {
    return;
  }
  for (const auto& rule : in.data.ha) {
    if (rule.component == row.name && rule.minimum > out.instances) {
      out.instances = rule.minimum;
      out.instances_reason = fmt::format("high availability ({})", rule.source);
    }
  }
}

// Instances over which a rule for all instances is divided.
double divisor(const ComponentInputs& in, const ComponentPlan& plan, Part part) {
  if (part != Part::collector || in.model == Model::published) {
    return plan.instances;  // published: every pool carries the whole load
  }
  double all = 0;  // the seed's formula is for all collectors together
  for (const auto& row : in.tier.components) {
    if (row.role == "collector") {
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

void plan_disk(const ComponentInputs& in, const catalog::TierComponent& row, ComponentPlan& plan) {
  if (row.name == "kafka") {
    if (const auto kafka = plan_kafka(in)) {
      plan.disk.formula = kafka->disk;
    }
    return;
  }
  if (row.stores.empty()) {
    return;
  }
  std::vector<Quantity> parts;
  for (const auto& signal : in.signals) {
    if (std::ranges::find(row.stores, signal.name) != row.stores.end()) {
      parts.push_back(signal.stored);
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
  if (row.name == "prometheus" && in.spec.metrics.backend == "victoriametrics") {
    out.name = "victoriametrics";
    out.title = "VictoriaMetrics";
  }
  plan_instances(in, row, out);

  const ComponentOverride* limits = override_of(in.spec, out.name);
  const bool own_cpus = limits != nullptr && limits->cpus;
  const bool own_memory = limits != nullptr && limits->memory;
  const bool own_disk = limits != nullptr && limits->disk;
  const double table_disk =
      row.instances > 0 ? row.disk.gb() : row.total_disk.gb();  // a managed store counts as one
  out.cpus.table =
      table_value(out, "cpus", own_cpus ? *limits->cpus : row.cpus, "cores", row.source, own_cpus);
  out.memory.table = table_value(out, "memory", own_memory ? limits->memory->gb() : row.memory.gb(),
                                 "GB", row.source, own_memory);
  out.disk.table = table_value(out, "disk", own_disk ? limits->disk->gb() : table_disk, "GB",
                               row.source, own_disk);

  if (const auto part = part_of(row)) {
    const double instances = divisor(in, out, *part);
    out.cpus.formula = per_instance(cpu_rule(in, *part), instances, "cores per instance");
    out.memory.formula = per_instance(memory_rule(in, *part), instances, "memory per instance");
  } else if (row.name == "kafka" && in.model != Model::table) {
    if (const auto kafka = plan_kafka(in)) {
      out.memory.formula = kafka->memory;
    }
  }
  plan_disk(in, row, out);
  choose(out.cpus, "cores");
  choose(out.memory, "GB");
  choose(out.disk, "GB");
  return out;
}

}  // namespace

std::vector<ComponentPlan> plan_components(const ComponentInputs& in) {
  std::vector<ComponentPlan> out;
  out.reserve(in.tier.components.size());
  for (const auto& row : in.tier.components) {
    out.push_back(plan_component(in, row));
  }
  return out;
}

}  // namespace obsctl::sizing
