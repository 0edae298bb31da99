// SPDX-License-Identifier: Apache-2.0
// Keys of the numbers of a report.
#include "lib/sizing/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/base/text.hpp"

namespace obsctl::sizing {
namespace {

void name(Quantity& quantity, std::string key) {
  quantity.key = std::move(key);
}

void name(std::optional<Quantity>& quantity, std::string key) {
  if (quantity) {
    quantity->key = std::move(key);
  }
}

void name_signals(SizingReport& report) {
  for (auto& signal : report.signals) {
    name(signal.rate, signal.name + ".rate");
    name(signal.raw, signal.name + ".received");
    name(signal.kept, signal.name + ".kept");
    name(signal.daily, signal.name + ".daily");
    name(signal.stored, signal.name + ".stored");
  }
  name(report.raw_daily, "total.received");
  name(report.daily, "total.daily");
  name(report.stored, "total.stored");
  name(report.month, "total.month");
}

void name_components(SizingReport& report) {
  for (auto& component : report.components) {
    name(component.cpus.chosen, component.name + ".cpus");
    name(component.memory.chosen, component.name + ".memory");
    name(component.disk.chosen, component.name + ".disk");
  }
  for (auto& disk : report.disks) {
    name(disk.needed, disk.component + ".stored");
    name(disk.full_days, disk.component + ".full");
  }
  name(report.instances, "total.instances");
  name(report.cpus, "total.cpus");
  name(report.memory, "total.memory");
  name(report.disk, "total.disk");
}

void name_costs(CostPlan& cost) {
  for (auto& row : cost.providers) {
    const std::string head = fmt::format("cost.{}", name_of(row.provider));
    name(row.hosts, head + ".hosts");
    name(row.storage_low, head + ".storage.low");
    name(row.storage_high, head + ".storage.high");
    name(row.low, head + ".low");
    name(row.high, head + ".high");
  }
  name(cost.tco_low, "cost.tco.low");
  name(cost.tco_high, "cost.tco.high");
}

}  // namespace

void name_quantities(SizingReport& report) {
  name(report.load.events, "load.events");
  name(report.load.samples, "load.samples");
  name(report.load.traces, "load.traces");
  name(report.load.streams, "load.streams");
  name_signals(report);
  name_components(report);
  name(report.tail_traces, "load.held_traces");
  name(report.network.ingress, "network.ingress");
  name_costs(report.cost);
}

std::vector<const Quantity*> named_quantities(const SizingReport& report) {
  std::vector<const Quantity*> out;
  std::set<std::string_view> seen;
  for (const Quantity* quantity : quantities(report)) {
    if (!quantity->key.empty() && seen.insert(quantity->key).second) {
      out.push_back(quantity);
    }
  }
  return out;
}

Result<const Quantity*> explain(const SizingReport& report, std::string_view key) {
  std::vector<std::string> known;
  std::vector<const Quantity*>
      ends;  // "num_traces" for "otel-collector.num_traces", or a key of a file
  const std::string tail = fmt::format(".{}", key);
  for (const Quantity* quantity : named_quantities(report)) {
    if (quantity->key == key) {
      return quantity;
    }
    if (quantity->key.ends_with(tail) || quantity->place.ends_with(tail)) {
      ends.push_back(quantity);
    }
    known.push_back(quantity->key);
  }
  if (ends.size() == 1) {
    return ends.front();
  }
  if (!ends.empty()) {
    std::vector<std::string> names;
    for (const Quantity* quantity : ends) {
      names.push_back(quantity->key);
    }
    return fail(Code::usage, fmt::format("'{}' is the name of several numbers", key),
                "one of: " + join(names, ", "));
  }
  const std::string hint = did_you_mean(key, known);
  return fail(Code::usage, fmt::format("there is no number '{}' in this sizing", key),
              hint.empty() ? "'obsctl size --explain' lists them all" : hint);
}

}  // namespace obsctl::sizing
