// Assembles the report from signals, components, Kafka, network, availability, cost and advice.
#include "lib/sizing/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/sizing/advice.hpp"
#include "lib/sizing/components.hpp"
#include "lib/sizing/cost.hpp"
#include "lib/sizing/signals.hpp"

namespace obsctl::sizing {
namespace {

void plan_tier(const catalog::Tier& tier, const Catalogs& catalogs, SizingReport& out) {
  out.tier = tier.name;
  out.tier_title = tier.title;
  out.tier_source = fmt::format("tier definitions ({})", tier.source);
  out.tier_events_max = tier.events_max;
  out.tier_by_load = catalog::tier_for(catalogs.tiers, out.load.events.value).name;
  const auto& tables = catalogs.models.boundaries;
  for (std::size_t i = 1; i < tables.size(); ++i) {
    const std::size_t scale =
        std::min(tables[i].scale(out.load.events.value), catalogs.tiers.size() - 1);
    out.other_tiers.push_back(
        fmt::format("{} ({}): {}", tables[i].table, tables[i].source, catalogs.tiers[scale].name));
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
  out.table_cpus = given("cores of the table", table.cpus, "cores", table.source);
  out.table_memory = given("memory of the table", table.memory.gb(), "GB", table.source);
  out.table_disk = given("disk of the table", table.disk.gb(), "GB", table.source);
}

void plan_disks(const StackSpec& spec, SizingReport& out) {
  for (const auto& component : out.components) {
    if (component.stores.empty()) {
      continue;
    }
    DiskOutlook row;
    row.component = component.name;
    row.disk = calc("D17", component.name + " disk provisioned",
                    {{"instances", static_cast<double>(std::max(component.instances, 1)), "",
                      component.instances_reason},
                     component.disk.table.input()},
                    "GB");
    std::vector<Input> inputs = {
        row.disk.input(),
        {"growth per month", spec.sizing.growth_per_month.value, "", "sizing.growth_per_month"}};
    std::vector<Quantity> stored;
    for (const auto& signal : out.signals) {
      if (std::ranges::find(component.stores, signal.name) != component.stores.end()) {
        const Quantity copies = calc("D17", signal.name + " per day, all copies",
                                     {signal.daily.input(), out.load.copies}, "GB/day");
        inputs.push_back(copies.input());
        inputs.push_back(signal.retention);
        stored.push_back(signal.stored);
      }
    }
    row.needed = sum_of(component.name + " stored", stored);
    row.full_days = calc("D08", component.name + " full after", std::move(inputs));
    out.disks.push_back(std::move(row));
  }
}

void plan_network(const catalog::Tier& tier, SizingReport& out) {
  constexpr double k_headroom = 0.7;  // G-08: at least 30 % free
  out.network.ingress = calc(
      "F30", "ingress", {out.load.spans, out.load.span_size, out.load.lines, out.load.line_size});
  out.network.table =
      given("ingress of the table", tier.network.ingress_mbps, "Mbit/s", tier.network.source);
  out.network.internal_mbps = tier.network.internal_mbps;
  out.network.topology = tier.network.topology;
  out.network.fits = out.network.ingress.value <= out.network.table.value * k_headroom;
}

void plan_availability(const catalog::ModelData& data, SizingReport& out) {
  for (const auto& component : out.components) {
    for (const auto& rule : data.ha) {
      if (rule.component == component.name) {
        out.availability.push_back({rule.component, component.instances, rule.minimum,
                                    rule.recommended, rule.needs, rule.source});
      }
    }
  }
}

std::string loki_mode(const catalog::LokiModes& modes, double gb_day) {
  return gb_day < modes.monolithic_below         ? "monolithic"
         : gb_day <= modes.simple_scalable_below ? "simple scalable"
                                                 : "microservices";
}

void plan_assumptions(const StackSpec& spec, const SizingReport& report,
                      std::vector<std::string>& out) {
  if (report.load.streams.formula == "D12") {
    out.emplace_back("2 log streams per line/s; give --streams when you know better");
  }
  if (!spec.traces.traces) {
    out.push_back(fmt::format("{:g} spans per trace", spec.traces.spans_per_trace));
  }
  if (report.model != "table") {
    out.push_back(fmt::format(
        "{:g} % of traces have an error and {:g} % are slow; tail sampling keeps all of them",
        spec.traces.errors.value * 100, spec.traces.slow.value * 100));
  }
}

}  // namespace

std::string tier_by_load(const StackSpec& spec, const Catalogs& catalogs) {
  const double spans = spec.traces.spans ? spec.traces.spans->per_second : 0;
  const double lines = spec.logs.lines ? spec.logs.lines->per_second : 0;
  return spec.traces.spans || spec.logs.lines
             ? catalog::tier_for(catalogs.tiers, spans + lines).name
             : spec.tier;
}

Result<SizingReport> size_stack(const StackSpec& spec, const Catalogs& catalogs, Model model) {
  OBS_TRY_ASSIGN(const catalog::Tier* tier, catalogs.tier(spec.tier));
  if (model == Model::measured && spec.calibration.values.empty()) {
    return fail(
        Code::usage, "the measured model needs a calibration",
        "run 'obsctl size --from-prometheus URL --write-calibration' on the running stack first");
  }
  SizingReport out;
  out.model = model_name(model);
  out.ha = spec.sizing.ha;
  out.growth = spec.sizing.growth_per_month.value;
  out.load = resolve_load(spec, *tier, model);
  out.signals = plan_signals(spec, out.load, *tier, catalogs.models, model);
  const ComponentInputs inputs{spec, *tier, catalogs.models, model, out.load, out.signals};
  out.components = plan_components(inputs);
  plan_tier(*tier, catalogs, out);
  plan_totals(*tier, out);
  plan_disks(spec, out);
  out.tail_traces = calc("F27", "traces held by tail sampling",
                         {out.load.decision_wait, out.load.traces.input()});
  out.kafka = plan_kafka(inputs);
  out.loki_mode = loki_mode(catalogs.models.loki_modes, out.signals[2].daily.value);
  const double single = catalogs.models.rule("loki_single_gb_day").value;
  if (out.loki_mode == "monolithic" && out.signals[2].daily.value > single) {
    out.loki_note =
        fmt::format("; Loki itself says one binary carries about {:g} GB a day", single);
  } else if (out.loki_mode == "simple scalable") {
    out.loki_note = "; Loki has deprecated that mode, so take one binary or microservices";
  }
  plan_network(*tier, out);
  plan_availability(catalogs.models, out);
  out.cost = plan_cost(spec, *tier, catalogs, out);
  out.models = compare_models(spec, *tier, catalogs);
  out.notes = plan_notes(spec, *tier, catalogs.models, out);
  plan_assumptions(spec, out, out.assumptions);
  return out;
}

namespace {

using Numbers = std::vector<const Quantity*>;

void add_if(Numbers& out, const std::optional<Quantity>& quantity) {
  if (quantity) {
    out.push_back(&*quantity);
  }
}

void add_choice(Numbers& out, const Choice& choice) {
  add_if(out, choice.formula);
  out.push_back(&choice.table);
}

void add_cost(Numbers& out, const CostPlan& cost) {
  for (const auto& row : cost.providers) {
    add_if(out, row.hosts);
    out.insert(out.end(), {&row.hosts_low, &row.hosts_high});
    add_if(out, row.storage_low);
    add_if(out, row.storage_high);
    out.insert(out.end(), {&row.low, &row.high});
  }
  out.insert(out.end(), {&cost.tco_low, &cost.tco_high});
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
