// SPDX-License-Identifier: Apache-2.0
// Puts the models side by side and says which one to trust where they differ by more than 2x.
#include "lib/sizing/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "lib/catalog/documents.hpp"
#include "lib/sizing/components.hpp"

namespace obsctl::sizing {
namespace {

constexpr double k_worth_saying = 2;  // models that differ by more are explained

struct Comparison {
  const StackSpec& spec;
  const catalog::Tier& tier;
  const Catalogs& catalogs;
  const std::vector<ModelPlan>& views;  // the recommended one first

  [[nodiscard]] ComponentInputs inputs(const ModelPlan& view) const {
    return {{spec, tier, catalogs, view.model, view.load}, view.signals};
  }
};

// A model that says 0 where another does not differs from it without limit.
void finish(ModelRow& row, const std::string& why) {
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (const auto& [name, quantity] : row.values) {
    low = std::min(low, quantity.value);
    high = std::max(high, quantity.value);
  }
  row.spread = high <= 0 ? 1 : low > 0 ? high / low : std::numeric_limits<double>::infinity();
  if (row.spread > k_worth_saying) {
    row.trusted = name_of(Model::recommended);
    row.why = why;
  }
}

// What decides about the bytes of a signal.
const Input& size_of(Signal signal, const Load& load) {
  switch (signal) {
    case Signal::traces: return load.trace_factor;
    case Signal::metrics: return load.sample_size;
    case Signal::logs: break;
  }
  return load.log_factor;
}

ModelRow signal_row(const Comparison& all, Signal signal) {
  ModelRow row;
  row.name = fmt::format("{} stored", catalog::signal_name(signal));
  row.unit = "GB/day";
  for (const auto& view : all.views) {
    row.values.emplace_back(name_of(view.model), plan_of(view.signals, signal).daily);
  }
  finish(row, size_of(signal, all.views.front().load).source);
  return row;
}

ModelRow total_row(const Comparison& all) {
  ModelRow row;
  row.name = "stored, all signals";
  row.unit = "GB";
  for (const auto& view : all.views) {
    std::vector<Quantity> stored;
    for (const auto& signal : view.signals) {
      stored.push_back(signal.stored);
    }
    row.values.emplace_back(name_of(view.model), sum_of("stored", stored));
  }
  finish(row, "it follows from the rows above");
  return row;
}

// Memory of one part of the tier.
struct PartRow {
  Part part;
  const char* name;
  const char* ratio;  // key of the ratio table
};

// All instances of the part together, and why by the largest of them.
Quantity recommended_sum(const Comparison& all, const Part& part, Choice ComponentPlan::*resource,
                         const char* name, std::string& why) {
  std::vector<Quantity> parts;
  double largest = -1;
  for (const auto& plan : all.views.front().components) {
    const Choice& choice = plan.*resource;
    if (!belongs(all.catalogs, plan.name, plan.role, part) || !choice.formula) {
      continue;
    }
    parts.push_back(calc(
        "D17", plan.name,
        {{"instances", static_cast<double>(plan.instances), "", "plan"}, choice.formula->input()},
        choice.formula->unit));
    if (parts.back().value > largest) {
      largest = parts.back().value;
      why = choice.formula->why;
    }
  }
  return sum_of(name, parts);
}

double table_sum(const Comparison& all, const Part& part, bool memory) {
  double out = 0;
  for (const auto& row : all.tier.components) {
    if (belongs(all.catalogs, row.component, row.role, part)) {
      out += (memory ? row.memory.gb() : row.cpus) * row.instances;
    }
  }
  return out;
}

using RowRule = std::optional<Quantity> (*)(const ComponentInputs&, const catalog::TierComponent&);

std::optional<Quantity> rule_of(const ComponentInputs& in, const Part& part, RowRule rule) {
  const catalog::TierComponent* row = row_of(in, part);
  return row == nullptr ? std::nullopt : rule(in, *row);
}

ModelRow memory_row(const Comparison& all, const PartRow& part) {
  ModelRow row;
  row.name = part.name;
  row.unit = "GB";
  std::string why;
  for (const auto& view : all.views) {
    if (view.model == Model::recommended) {
      row.values.emplace_back(
          name_of(view.model),
          recommended_sum(all, part.part, &ComponentPlan::memory, part.name, why));
    } else if (view.model == Model::table) {
      row.values.emplace_back(name_of(view.model), given(part.name, table_sum(all, part.part, true),
                                                         "GB", "tier table"));
      row.values.emplace_back(
          "ratio", calc("F12", part.name,
                        {view.load.events.input(),
                         {"GB per 10,000 events/s", all.catalogs.models.ratios.at(part.ratio), "GB",
                          catalog::k_documents}}));
    } else if (view.model != Model::measured) {
      if (auto rule = rule_of(all.inputs(view), part.part, memory_rule)) {
        row.values.emplace_back(name_of(view.model), std::move(*rule));
      }
    }
  }
  finish(row, why);
  return row;
}

ModelRow cores_row(const Comparison& all) {
  ModelRow row;
  row.name = "collector cores";
  row.unit = "cores";
  std::string why;
  for (const auto& view : all.views) {
    if (view.model == Model::recommended) {
      row.values.emplace_back(
          name_of(view.model),
          recommended_sum(all, k_collectors, &ComponentPlan::cpus, "cores", why));
    } else if (view.model == Model::table) {
      row.values.emplace_back(
          name_of(view.model),
          given(row.name, table_sum(all, k_collectors, false), "cores", "tier table"));
    } else if (view.model != Model::measured) {
      if (auto rule = rule_of(all.inputs(view), k_collectors, cpu_rule)) {
        row.values.emplace_back(name_of(view.model), std::move(*rule));
      }
    }
  }
  finish(row, why);
  return row;
}

constexpr PartRow k_parts[] = {
    {k_collectors, "collector memory", "collector"},
    {Signal::metrics, "metrics store memory", "metrics"},
    {Signal::traces, "trace store memory", "traces"},
    {Signal::logs, "log store memory", "logs"},
};

}  // namespace

std::vector<ModelRow> compare_models(const StackSpec& spec, const catalog::Tier& tier,
                                     const Catalogs& catalogs,
                                     const std::vector<ModelPlan>& plans) {
  const Comparison all{spec, tier, catalogs, plans};
  std::vector<ModelRow> out;
  for (const Signal signal : catalog::k_signals) {
    out.push_back(signal_row(all, signal));
  }
  out.push_back(total_row(all));
  out.push_back(cores_row(all));
  for (const auto& part : k_parts) {
    out.push_back(memory_row(all, part));
  }
  return out;
}

std::vector<Note> plan_notes(const StackSpec& spec, const catalog::Tier& tier,
                             const catalog::ModelData& data, const SizingReport& report) {
  std::vector<Note> out;
  const auto add = [&](const char* id, bool applies) {
    const auto found = data.contradictions.find(id);
    if (applies && found != data.contradictions.end()) {
      out.push_back({id, found->second});
    }
  };
  const bool small = tier.single_node;
  const bool formulas = report.model == Model::documented || report.model == Model::measured;
  const bool several_tiers =
      std::ranges::any_of(data.boundaries, [&](const catalog::ScaleTable& table) {
        return table.scale(report.load.events.value) !=
               data.boundaries.front().scale(report.load.events.value);
      });
  add("collector_memory", formulas);
  add("table_rates", report.model != Model::published);
  add("kafka_disks",
      report.kafka.has_value() && report.kafka->table_disk.value < report.kafka->disk.value);
  add("small_disks", small);
  add("tier_lines", several_tiers);
  add("tier_totals", !small);
  add("small_memory", small);
  add("sampling_share", spec.traces.keep.value < 1);
  add("head_sampling", spec.traces.keep.value < 1);
  add("metrics_formula", formulas);
  add("trace_routing", !small && spec.traces.keep.value < 1);
  add("kafka_partitions", report.kafka.has_value());
  add("log_factor", formulas);
  add("self_hosted_cost", true);
  return out;
}

}  // namespace obsctl::sizing
