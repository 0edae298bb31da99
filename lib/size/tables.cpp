// SPDX-License-Identifier: Apache-2.0
// The tables of a sizing, with numbers rounded for people; JSON carries the exact ones.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/size/output.hpp"
#include "lib/sizing/formulas.hpp"

namespace obsctl::size {

using sizing::Quantity;
using sizing::SizingReport;

std::string show_gb(double gb) {
  return human_bytes(Bytes::from_gb(gb));
}

std::string show_memory(double gb) {
  const double gib = Bytes::from_gb(gb).gib();
  const bool whole = gib >= 0.5 && std::abs(gib * 2 - std::round(gib * 2)) < 1e-6;
  return whole ? fmt::format("{:g} GiB", gib) : show_gb(gb);
}

std::string show_usd(double low, double high) {
  const auto money = [](double value) {
    std::string digits = fmt::format("{:.0f}", value);
    for (std::size_t at = digits.size(); at > 3; at -= 3) {
      digits.insert(at - 3, ",");
    }
    return digits;
  };
  return std::round(low) == std::round(high) ? "$" + money(low)
                                             : fmt::format("${} - {}", money(low), money(high));
}

std::string show(const Quantity& quantity) {
  const double value = quantity.value;
  if (!std::isfinite(value)) {
    return "never";
  }
  if (quantity.unit == "GB") {
    return show_gb(value);
  }
  if (quantity.unit == "GB/day" || quantity.unit == "GB/month") {
    return show_gb(value) + quantity.unit.substr(2);
  }
  if (quantity.unit == "days") {
    return human_duration(Duration::from_days(value));
  }
  if (quantity.unit == "B") {
    return human_bytes({value});
  }
  const std::string number = std::abs(value) >= 1000 ? human_count(value) : human_number(value);
  return quantity.unit.empty() ? number : number + " " + quantity.unit;
}

namespace size_tables {
namespace {

std::string percent(double share) {
  return human_number(share * 100) + " %";
}

std::string days(double value) {
  return human_duration(Duration::from_days(value));
}

std::string rate(const sizing::SignalPlan& signal) {
  return human_count(signal.rate.value) +
         (signal.name == "metrics" ? " series" : " " + signal.item + "/s");
}

// The chosen value, and beside it what the other side says: [f] formula, [t] tier table.
template <class Show>
std::string choice(const sizing::Choice& made, const Show& shown) {
  std::string chosen = made.chosen.value > 0 ? shown(made.chosen.value) : "-";
  if (!made.formula) {
    return chosen;
  }
  const bool formula = made.chosen.value == made.formula->value;
  const double other = formula ? made.table.value : made.formula->value;
  return fmt::format("{} [{} {}]", chosen, formula ? "t" : "f", other > 0 ? shown(other) : "-");
}

std::string with_table(const std::string& total, const std::string& table) {
  return total == table ? total : fmt::format("{} [t {}]", total, table);
}

}  // namespace

Table signals(const SizingReport& report) {
  Table out{{{"SIGNAL"},
             {"RECEIVED"},
             {"PER DAY", Align::right},
             {"KEPT", Align::right},
             {"STORED/DAY", Align::right},
             {"RETENTION", Align::right},
             {"STORED", Align::right}},
            {}};
  // The share kept makes room for the number beside it: 80 columns hold only one of them.
  const bool beside = report.model == sizing::Model::recommended;
  constexpr std::ptrdiff_t k_kept = 3;
  if (beside) {
    out.columns.push_back({"DOCUMENTED", Align::right});
    out.columns.erase(out.columns.begin() + k_kept);
  }
  const auto add = [&](std::vector<std::string> row) {
    if (beside) {
      row.erase(row.begin() + k_kept);
    }
    out.add(std::move(row));
  };
  double total = 0;
  for (const auto& signal : report.signals) {
    std::vector<std::string> row = {signal.name,
                                    rate(signal),
                                    signal.raw ? show_gb(signal.raw->value) : "-",
                                    signal.kept ? percent(signal.kept->value) : "-",
                                    show_gb(signal.daily.value),
                                    days(signal.retention.value),
                                    show_gb(signal.stored.value)};
    if (beside) {
      row.push_back(signal.documented ? show_gb(signal.documented->value) : "-");
      total += signal.documented ? signal.documented->value : 0;
    }
    add(std::move(row));
  }
  std::vector<std::string> sum = {"total",
                                  human_count(report.load.events.value) + " events/s",
                                  report.raw_daily ? show_gb(report.raw_daily->value) : "-",
                                  "",
                                  show_gb(report.daily.value),
                                  "",
                                  show_gb(report.stored.value)};
  if (beside) {
    sum.push_back(show_gb(total));
  }
  add(std::move(sum));
  return out;
}

Table components(const SizingReport& report) {
  Table out{{{"COMPONENT"}, {"N", Align::right}, {"CORES"}, {"MEMORY"}, {"DISK"}}, {}};
  const auto number = [](double value) { return human_number(value); };
  for (const auto& row : report.components) {
    out.add({row.name, row.instances > 0 ? fmt::to_string(row.instances) : "-",
             choice(row.cpus, number), choice(row.memory, show_memory), choice(row.disk, show_gb)});
  }
  out.add({"total", human_number(report.instances.value),
           with_table(human_number(report.cpus.value), human_number(report.table_cpus.value)),
           with_table(show_memory(report.memory.value), show_memory(report.table_memory.value)),
           with_table(show_gb(report.disk.value), show_gb(report.table_disk.value))});
  return out;
}

namespace {

// "1 cpu, 11 GB, 10 GB": what the documented formulas choose, per instance.
std::string documented(const sizing::ComponentPlan& row) {
  if (!row.cpus.documented) {
    return "-";
  }
  const double disk = row.disk.documented->value;
  return fmt::format("{} cpu, {}, {}", human_number(row.cpus.documented->value),
                     show_memory(row.memory.documented->value), disk > 0 ? show_gb(disk) : "-");
}

std::string full_after(const SizingReport& report, const std::string& component) {
  const auto found = std::ranges::find(report.disks, component, &sizing::DiskOutlook::component);
  return found == report.disks.end() ? "" : show(found->full_days);
}

}  // namespace

Table recommended(const SizingReport& report) {
  Table out{{{"COMPONENT"},
             {"CPU", Align::right},
             {"MEMORY", Align::right},
             {"DISK", Align::right},
             {"FULL AFTER", Align::right},
             {"DOCUMENTED"}},
            {}};
  for (const auto& row : report.components) {
    out.add({row.instances == 1 ? row.name : fmt::format("{} x {}", row.instances, row.name),
             human_number(row.cpus.chosen.value), show_gb(row.memory.chosen.value),
             row.disk.chosen.value > 0 ? show_gb(row.disk.chosen.value) : "-",
             full_after(report, row.name), documented(row)});
  }
  out.add({"total", human_number(report.cpus.value), show_gb(report.memory.value),
           show_gb(report.disk.value), "", ""});
  return out;
}

Table prices(const SizingReport& report) {
  Table out{{{"BUY FROM"}, {"HOSTS"}, {"PER MONTH", Align::right}, {"PRICES OF"}}, {}};
  for (const auto& row : report.cost.providers) {
    out.add({std::string(name_of(row.provider)), row.configuration,
             show_usd(row.low.value, row.high.value),
             row.price_date + (row.storage_low ? "" : ", no disks")});
  }
  return out;
}

Table disks(const SizingReport& report) {
  Table out{
      {{"DISK"}, {"HAS", Align::right}, {"NEEDS", Align::right}, {"FULL AFTER", Align::right}}, {}};
  for (const auto& row : report.disks) {
    out.add(
        {row.component, show_gb(row.disk.value), show_gb(row.needed.value), show(row.full_days)});
  }
  return out;
}

Table cost(const SizingReport& report) {
  Table out{{{"PROVIDER"},
             {"HOSTS"},
             {"HOSTS/MONTH", Align::right},
             {"DISKS/MONTH", Align::right},
             {"TOTAL/MONTH", Align::right}},
            {}};
  for (const auto& row : report.cost.providers) {
    out.add({std::string(name_of(row.provider)), row.configuration,
             show_usd(row.hosts_low.value, row.hosts_high.value),
             row.storage_low ? show_usd(row.storage_low->value, row.storage_high->value) : "-",
             show_usd(row.low.value, row.high.value)});
  }
  return out;
}

Table recovery(const SizingReport& report) {
  Table out{{{"RECOVERY"},
             {"RPO", Align::right},
             {"RTO", Align::right},
             {"OVERHEAD", Align::right},
             {"TOTAL/MONTH", Align::right}},
            {}};
  for (const auto& row : report.cost.dr) {
    out.add({row.strategy, row.rpo, row.rto, "+" + percent(row.overhead),
             show_usd(row.low.value, row.high.value)});
  }
  return out;
}

Table availability(const SizingReport& report) {
  Table out{{{"AVAILABILITY"},
             {"N", Align::right},
             {"MINIMUM", Align::right},
             {"RECOMMENDED", Align::right},
             {"NEEDS"}},
            {}};
  for (const auto& row : report.availability) {
    out.add({row.component, fmt::to_string(row.instances), fmt::to_string(row.minimum),
             fmt::to_string(row.recommended), row.needs});
  }
  return out;
}

Table models(const SizingReport& report) {
  std::vector<std::string> names = {"recommended", "documented", "table", "ratio", "published"};
  const bool measured = std::ranges::any_of(report.models, [](const sizing::ModelRow& row) {
    return std::ranges::any_of(row.values, [](const auto& value) {
      return value.first == name_of(sizing::Model::measured);
    });
  });
  if (measured) {
    names.emplace_back("measured");
  }
  Table out;
  out.columns.push_back({"MODELS"});
  for (const auto& name : names) {
    out.columns.push_back({name, Align::right});
  }
  out.columns.push_back({"SPREAD", Align::right});
  for (const auto& row : report.models) {
    std::vector<std::string> cells = {row.name};
    for (const auto& name : names) {
      const auto found =
          std::ranges::find(row.values, name, [](const auto& value) { return value.first; });
      cells.push_back(found == row.values.end() ? "-"
                      : row.unit == "cores"     ? human_number(found->second.value)
                      : row.unit == "GB"        ? show_memory(found->second.value)
                                                : show_gb(found->second.value));
    }
    cells.push_back(!std::isfinite(row.spread) ? "0 or not"
                    : row.spread > 1.005       ? human_number(row.spread) + "x"
                                               : "");
    out.add(std::move(cells));
  }
  return out;
}

Table compared(const SizeResult& result) {
  std::vector<const SizingReport*> all = {&result.report};
  for (const auto& report : result.compared) {
    all.push_back(&report);
  }
  Table out;
  out.columns.push_back({"COMPARED"});
  for (const auto* report : all) {
    out.columns.push_back({report->tier, Align::right});
  }
  const auto row = [&](const std::string& name, const auto& cell) {
    std::vector<std::string> cells = {name};
    for (const auto* report : all) {
      cells.push_back(cell(*report));
    }
    out.add(std::move(cells));
  };
  row("events/s", [](const auto& r) { return human_count(r.load.events.value); });
  row("active series", [](const auto& r) { return human_count(r.load.series.value); });
  row("stored per day", [](const auto& r) { return show_gb(r.daily.value); });
  for (const auto signal : catalog::k_signals) {
    row(fmt::format("stored for {}", catalog::signal_name(signal)), [signal](const auto& r) {
      const auto& plan = plan_of(r.signals, signal);
      return fmt::format("{} / {}", show_gb(plan.stored.value), days(plan.retention.value));
    });
  }
  row("stored", [](const auto& r) { return show_gb(r.stored.value); });
  row("instances", [](const auto& r) { return human_number(r.instances.value); });
  row("cores", [](const auto& r) { return human_number(r.cpus.value); });
  row("memory", [](const auto& r) { return show_memory(r.memory.value); });
  row("disk", [](const auto& r) { return show_gb(r.disk.value); });
  row("ingress",
      [](const auto& r) { return fmt::format("{:.0f} Mbit/s", r.network.ingress.value); });
  row("cost per month", [](const auto& r) {
    return r.cost.dr.empty()
               ? std::string("-")
               : show_usd(r.cost.dr[0].low.inputs[0].value, r.cost.dr[0].high.inputs[0].value);
  });
  row("TCO per month",
      [](const auto& r) { return show_usd(r.cost.tco_low.value, r.cost.tco_high.value); });
  row("highly available", [](const auto& r) {
    return std::string(
        std::ranges::all_of(r.availability, [](const auto& a) { return a.instances >= a.minimum; })
            ? "yes"
            : "no");
  });
  return out;
}

Table measured(const Measured& from) {
  Table out{{{"MEASURED"},
             {"FORMULA"},
             {"DOCUMENTED", Align::right},
             {"MEASURED", Align::right},
             {"FACTOR", Align::right}},
            {}};
  for (const auto& row : from.rows) {
    const auto value = [&](double number) {
      return show({.name = "",
                   .value = number,
                   .unit = row.unit,
                   .formula = "",
                   .inputs = {},
                   .source = ""});
    };
    out.add({row.name, row.formula, row.documented > 0 ? value(row.documented) : "-",
             value(row.measured),
             row.documented > 0 ? fmt::format("{}x", human_number(row.factor())) : "-"});
  }
  return out;
}

Table explained(const SizingReport& report) {
  Table out{
      {{"NUMBER"}, {"VALUE", Align::right}, {"UNIT"}, {"ID"}, {"FORMULA"}, {"INPUTS"}, {"SOURCE"}},
      {}};
  for (const Quantity* quantity : sizing::quantities(report)) {
    std::string inputs;
    for (const auto& input : quantity->inputs) {
      inputs += fmt::format("{}{} = {:.10g}{}{} ({})", inputs.empty() ? "" : "; ", input.name,
                            input.value, input.unit.empty() ? "" : " ", input.unit,
                            sizing::source_of(input));
    }
    const sizing::Formula* formula = sizing::find_formula(quantity->formula);
    out.add({quantity->name, fmt::format("{:.10g}", quantity->value), quantity->unit,
             quantity->formula, formula != nullptr ? std::string(formula->expression) : "", inputs,
             quantity->source});
  }
  return out;
}

}  // namespace size_tables
}  // namespace obsctl::size
