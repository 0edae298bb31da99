// SPDX-License-Identifier: Apache-2.0
// Assembles the report from signals, components, Kafka, network, availability, cost and advice.
#include "lib/sizing/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/catalog/documents.hpp"
#include "lib/sizing/advice.hpp"
#include "lib/sizing/components.hpp"
#include "lib/sizing/cost.hpp"
#include "lib/sizing/explain.hpp"
#include "lib/sizing/model_plan.hpp"
#include "lib/sizing/own/registry.hpp"
#include "lib/sizing/recommend.hpp"

namespace obsctl::sizing {
namespace {

void plan_tier(const catalog::Tier& tier, const Catalogs& catalogs, SizingReport& out) {
  out.tier = tier.name;
  out.tier_title = tier.title;
  out.tier_source = "tier definitions";
  out.tier_events_max = tier.events_max;
  out.tier_by_load =
      catalog::tier_for(catalogs.tiers, out.load.events.value, out.load.series.value).name;
  const auto& tables = catalogs.models.boundaries;
  for (std::size_t i = 1; i < tables.size(); ++i) {
    const std::size_t scale =
        std::min(tables[i].scale(out.load.events.value), catalogs.tiers.size() - 1);
    out.other_tiers.push_back(fmt::format("{}: {}", tables[i].table, catalogs.tiers[scale].name));
  }
}

void plan_totals(const catalog::Tier& tier, SizingReport& out) {
  std::vector<Quantity> raw;
  std::vector<Quantity> daily;
  std::vector<Quantity> stored;
  for (const auto& signal : out.signals) {
    if (signal.raw) {
      raw.push_back(*signal.raw);
    }
    daily.push_back(signal.daily);
    stored.push_back(signal.stored);
  }
  if (!raw.empty()) {
    out.raw_daily = sum_of("received per day", raw);
  }
  out.daily = sum_of("stored per day", daily);
  out.stored = sum_of("stored", stored);
  out.month =
      calc("F04", "stored per 30 days", {out.daily.input(), {"reduction", 0, "", "applied above"}});

  std::vector<Quantity> instances;
  std::vector<Quantity> cpus;
  std::vector<Quantity> memory;
  std::vector<Quantity> disk;
  for (const auto& component : out.components) {
    const double n = component.instances;
    const Input count{component.name + " instances", n, "", component.instances_reason};
    const Input disks{component.name + " instances", std::max(n, 1.0), "",
                      component.instances_reason};
    instances.push_back(given(component.name, n, "", component.instances_reason));
    cpus.push_back(
        calc("D17", component.name + " cores", {count, component.cpus.chosen.input()}, "cores"));
    memory.push_back(
        calc("D17", component.name + " memory", {count, component.memory.chosen.input()}, "GB"));
    disk.push_back(
        calc("D17", component.name + " disk", {disks, component.disk.chosen.input()}, "GB"));
  }
  out.instances = sum_of("instances", instances);
  out.cpus = sum_of("cores", cpus);
  out.memory = sum_of("memory", memory);
  out.disk = sum_of("disk", disk);
  const catalog::Resources table = tier.total();
  out.table_cpus = given("cores of the table", table.cpus, "cores", catalog::k_documents);
  out.table_memory = given("memory of the table", table.memory.gb(), "GB", catalog::k_documents);
  out.table_disk = given("disk of the table", table.disk.gb(), "GB", catalog::k_documents);
}

// Disk, daily bytes of all copies and days of each signal on it, for the day it is full.
DiskOutlook disk_outlook(const StackSpec& spec, const ComponentPlan& component,
                         const Quantity& disk,
                         const std::vector<std::pair<Quantity, Input>>& streams,
                         const std::vector<Quantity>& stored, const Load& load) {
  DiskOutlook row;
  row.component = component.name;
  row.disk = calc("D17", component.name + " disk provisioned",
                  {{"instances", static_cast<double>(std::max(component.instances, 1)), "",
                    component.instances_reason},
                   disk.input()},
                  "GB");
  std::vector<Input> inputs = {
      row.disk.input(),
      {"growth per month", spec.sizing.growth_per_month.value, "", "sizing.growth_per_month"}};
  for (const auto& [daily, days] : streams) {
    const Quantity copies =
        calc("D17", daily.name + ", all copies", {daily.input(), load.copies}, "GB/day");
    inputs.push_back(copies.input());
    inputs.push_back(days);
  }
  row.needed = sum_of(component.name + " stored", stored);
  row.full_days = calc("D08", component.name + " full after", std::move(inputs));
  return row;
}

void plan_disks(const StackSpec& spec, const ComponentInputs& in,
                const std::vector<Selected>& selected, SizingReport& out) {
  const bool recommended = in.model == Model::recommended;
  for (const auto& component : out.components) {
    std::vector<std::pair<Quantity, Input>> streams;
    std::vector<Quantity> stored;
    if (recommended) {
      const auto found = std::ranges::find(selected, component.name, &Selected::name);
      for (const auto& kept : found->keeps) {
        streams.emplace_back(daily_of(kept, *found, in), kept_days(kept, out.load));
        stored.push_back(stored_of(kept, *found, in));
      }
    } else {
      for (const Signal stored_signal : component.stores) {
        const SignalPlan& signal = plan_of(out.signals, stored_signal);
        streams.emplace_back(signal.daily, signal.retention);
        stored.push_back(signal.stored);
      }
    }
    if (!stored.empty()) {
      out.disks.push_back(disk_outlook(spec, component,
                                       recommended ? component.disk.chosen : component.disk.table,
                                       streams, stored, out.load));
    }
  }
}

void plan_network(const catalog::Tier& tier, SizingReport& out) {
  constexpr double k_headroom = 0.7;  // at least 30 % free
  out.network.ingress = calc(
      "F30", "ingress", {out.load.spans, out.load.span_size, out.load.lines, out.load.line_size});
  out.network.table =
      given("ingress of the table", tier.network.ingress_mbps, "Mbit/s", catalog::k_documents);
  out.network.internal_mbps = tier.network.internal_mbps;
  out.network.topology = tier.network.topology;
  out.network.fits = out.network.ingress.value <= out.network.table.value * k_headroom;
}

void plan_availability(const catalog::ModelData& data, SizingReport& out) {
  for (const auto& component : out.components) {
    for (const auto& rule : data.ha) {
      if (rule.component == component.name) {
        out.availability.push_back({rule.component, component.instances, rule.minimum,
                                    rule.recommended, rule.needs, catalog::k_documents});
      }
    }
  }
}

// The component of the documents whose place `name` takes.
const ComponentPlan* documented_place(const std::vector<ComponentPlan>& documented,
                                      const ComponentPlan& plan) {
  const auto same = std::ranges::find(documented, plan.name, &ComponentPlan::name);
  return same == documented.end() ? nullptr : &*same;
}

// What the documented formulas say, beside what is recommended.
void add_documented(const ModelPlan& documented, SizingReport& out) {
  for (std::size_t i = 0; i < documented.signals.size(); ++i) {
    out.signals[i].documented = documented.signals[i].stored;
  }
  for (auto& component : out.components) {
    if (const ComponentPlan* other = documented_place(documented.components, component)) {
      component.cpus.documented = other->cpus.chosen;
      component.memory.documented = other->memory.chosen;
      component.disk.documented = other->disk.chosen;
    }
  }
}

void plan_assumptions(const StackSpec& spec, const SizingReport& report,
                      std::vector<std::string>& out) {
  for (const auto& signal : report.load.unstated) {
    out.push_back(fmt::format("no {}, because no rate was given for them", signal));
  }
  if (report.load.streams_assumed && report.load.lines.value > 0) {
    out.emplace_back("2 log streams per line/s; set logs.streams when you know better");
  }
  if (!spec.traces.traces) {
    out.push_back(fmt::format("{:g} spans per trace", spec.traces.spans_per_trace));
  }
  if (report.model != Model::table) {
    out.push_back(fmt::format(
        "{:g} % of traces have an error and {:g} % are slow; tail sampling keeps all of them",
        spec.traces.errors.value * 100, spec.traces.slow.value * 100));
  }
}

}  // namespace

std::string tier_by_load(const StackSpec& spec, const Catalogs& catalogs) {
  if (!states_load(spec)) {
    return spec.tier;
  }
  const Load load = resolve_load(spec, catalogs.tiers.front(), catalogs, Model::documented, {});
  return catalog::tier_for(catalogs.tiers, load.events.value, load.series.value).name;
}

namespace {

// What a report is made of.
struct Choices {
  catalog::Tier tier;              // with the chosen stores in their places
  std::vector<Selected> selected;  // of the recommended model
};

Result<Choices> make_choices(const StackSpec& spec, const Catalogs& catalogs) {
  Choices out;
  OBS_TRY_ASSIGN(const catalog::Tier* tier, catalogs.tier(spec.tier));
  OBS_TRY_ASSIGN(const auto stack,
                 catalog::choose_stack(spec, catalogs.single_node, catalogs.components));
  OBS_TRY(check_stores(spec, *tier, stack, catalogs));
  out.tier = chosen_tier(*tier, stack, catalogs);
  out.selected = select_components(*tier, stack, catalogs);
  return out;
}

void plan_own(const ComponentInputs& in, SizingReport& out) {
  for (const auto& own : all_own_rules()) {
    if (own.report != nullptr) {
      own.report(in, out);
    }
  }
}

// The part of a report that every use needs, from the plan of its model.
SizingReport core_report(const StackSpec& spec, const Choices& choices, const Catalogs& catalogs,
                         const ModelPlan& plan) {
  const auto& [tier, selected] = choices;
  SizingReport out;
  out.model = plan.model;
  out.ha = spec.sizing.ha;
  out.growth = spec.sizing.growth_per_month.value;
  out.load = plan.load;
  out.signals = plan.signals;
  out.components = plan.components;
  out.host = plan.host;
  const ComponentInputs inputs{{spec, tier, catalogs, plan.model, out.load}, out.signals};
  plan_tier(tier, catalogs, out);
  plan_totals(tier, out);
  plan_disks(spec, inputs, selected, out);
  out.tail_traces = calc("F27", "traces held by tail sampling",
                         {out.load.decision_wait, out.load.traces.input()});
  plan_own(inputs, out);
  plan_network(tier, out);
  plan_availability(catalogs.models, out);
  return out;
}

}  // namespace

Result<SizingReport> size_plan(const StackSpec& spec, const Catalogs& catalogs) {
  OBS_TRY_ASSIGN(const Choices choices, make_choices(spec, catalogs));
  SizingReport out =
      core_report(spec, choices, catalogs,
                  plan_model(spec, choices.tier, catalogs, choices.selected, Model::recommended));
  name_quantities(out);
  return out;
}

Result<SizingReport> size_stack(const StackSpec& spec, const Catalogs& catalogs, Model model) {
  if (model == Model::measured && spec.calibration.values.empty()) {
    return fail(
        Code::usage, "the measured model needs a calibration",
        "run 'obsctl size --from-prometheus URL --write-calibration' on the running stack first");
  }
  OBS_TRY_ASSIGN(const Choices choices, make_choices(spec, catalogs));
  const auto plans = plan_models(spec, choices.tier, catalogs, choices.selected);
  SizingReport out = core_report(spec, choices, catalogs, *find(plans, model));
  if (model == Model::recommended) {
    add_documented(*find(plans, Model::documented), out);
  }
  out.cost = plan_cost(spec, choices.tier, catalogs, out);
  out.models = compare_models(spec, choices.tier, catalogs, plans);
  out.notes = plan_notes(spec, choices.tier, catalogs.models, out);
  plan_assumptions(spec, out, out.assumptions);
  name_quantities(out);
  return out;
}

double ComponentPlan::setting(std::string_view setting_name) const {
  for (const auto& quantity : settings) {
    if (quantity.key.size() == name.size() + 1 + setting_name.size() &&
        quantity.key.ends_with(setting_name)) {
      return quantity.value;
    }
  }
  return 0;
}

const ComponentPlan* SizingReport::find(std::string_view component) const {
  const auto found = std::ranges::find(components, component, &ComponentPlan::name);
  return found == components.end() ? nullptr : &*found;
}

namespace {

using Numbers = std::vector<const Quantity*>;

void add_if(Numbers& out, const std::optional<Quantity>& quantity) {
  if (quantity) {
    out.push_back(&*quantity);
  }
}

// With its key only once: the chosen number, where it is not the formula's or the table's own.
void add_choice(Numbers& out, const Choice& choice) {
  out.push_back(&choice.chosen);
  add_if(out, choice.formula);
  out.push_back(&choice.table);
  add_if(out, choice.documented);
}

void add_cost(Numbers& out, const CostPlan& cost) {
  for (const auto& row : cost.providers) {
    add_if(out, row.hosts);
    out.insert(out.end(), {&row.hosts_low, &row.hosts_high});
    add_if(out, row.storage_low);
    add_if(out, row.storage_high);
    out.insert(out.end(), {&row.low, &row.high});
  }
  if (!cost.tco_low.formula.empty()) {
    out.insert(out.end(), {&cost.tco_low, &cost.tco_high});
  }
  add_if(out, cost.managed_low);
  add_if(out, cost.managed_high);
  add_if(out, cost.saving_low);
  add_if(out, cost.saving_high);
  for (const auto& row : cost.dr) {
    out.insert(out.end(), {&row.low, &row.high});
  }
}

}  // namespace

std::vector<const Quantity*> quantities(const SizingReport& report) {
  Numbers out = {&report.load.events, &report.load.samples, &report.load.traces,
                 &report.load.streams};
  for (const auto& signal : report.signals) {
    out.push_back(&signal.rate);
    add_if(out, signal.raw);
    add_if(out, signal.kept);
    out.insert(out.end(), {&signal.daily, &signal.stored});
  }
  add_if(out, report.raw_daily);
  out.insert(out.end(), {&report.daily, &report.stored, &report.month});
  for (const auto& component : report.components) {
    add_choice(out, component.cpus);
    add_choice(out, component.memory);
    add_choice(out, component.disk);
    for (const auto& setting : component.settings) {
      out.push_back(&setting);
    }
  }
  if (report.host) {
    out.insert(out.end(), {&report.host->cpus, &report.host->memory, &report.host->need_cpus,
                           &report.host->need_memory, &report.host->need_disk});
  }
  out.insert(out.end(), {&report.instances, &report.cpus, &report.memory, &report.disk,
                         &report.tail_traces, &report.network.ingress, &report.network.table});
  for (const auto& disk : report.disks) {
    out.insert(out.end(), {&disk.disk, &disk.needed, &disk.full_days});
  }
  if (report.kafka) {
    const KafkaPlan& kafka = *report.kafka;
    out.insert(out.end(),
               {&kafka.brokers, &kafka.partitions, &kafka.daily, &kafka.memory, &kafka.disk});
  }
  add_cost(out, report.cost);
  for (const auto& row : report.models) {
    for (const auto& [name, quantity] : row.values) {
      out.push_back(&quantity);
    }
  }
  return out;
}

}  // namespace obsctl::sizing
