// SPDX-License-Identifier: Apache-2.0
// Parses templates/catalog/tiers.yaml and checks that the tiers follow each other without a gap.
#include "lib/catalog/tiers.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/yaml/typed.hpp"
#include "templates/embedded.hpp"

namespace obsctl::catalog {
namespace {

constexpr std::string_view k_path = "catalog/tiers.yaml";

Result<void> read_rates(const yaml::Node& node, TierRates& out) {
  OBS_TRY(node.only({"spans", "series", "lines"}));
  OBS_TRY(read_quantity(node, "spans", out.spans, parse_rate));
  OBS_TRY(read_quantity(node, "series", out.series, parse_count));
  OBS_TRY(read_quantity(node, "lines", out.lines, parse_rate));
  return {};
}

Result<void> read_daily(const yaml::Node& node, TierDaily& out) {
  OBS_TRY(node.only({"traces", "metrics", "logs"}));
  OBS_TRY(read_quantity(node, "traces", out.traces, parse_bytes));
  OBS_TRY(read_quantity(node, "metrics", out.metrics, parse_bytes));
  OBS_TRY(read_quantity(node, "logs", out.logs, parse_bytes));
  return {};
}

Result<void> read_retention(const yaml::Node& node, TierRetention& out) {
  OBS_TRY(node.only({"min", "max", "traces", "metrics", "logs"}));
  OBS_TRY_ASSIGN(const double min_days, node.number("min"));
  OBS_TRY_ASSIGN(const double max_days, node.number("max"));
  out.min = Duration::from_days(min_days);
  out.max = Duration::from_days(max_days);
  OBS_TRY(read_quantity(node, "traces", out.traces, parse_duration));
  OBS_TRY(read_quantity(node, "metrics", out.metrics, parse_duration));
  OBS_TRY(read_quantity(node, "logs", out.logs, parse_duration));
  return {};
}

Result<void> read_network(const yaml::Node& node, TierNetwork& out) {
  OBS_TRY(node.only({"ingress_mbps", "internal_mbps", "ports", "topology"}));
  OBS_TRY_ASSIGN(out.ingress_mbps, node.number("ingress_mbps"));
  OBS_TRY_ASSIGN(out.internal_mbps, node.number("internal_mbps"));
  OBS_TRY_ASSIGN(out.ports, node.text("ports"));
  OBS_TRY_ASSIGN(out.topology, node.text("topology"));
  return {};
}

Result<void> read_cheat_sheet(const yaml::Node& node, Resources& out) {
  OBS_TRY(node.only({"cpus", "memory", "disk"}));
  OBS_TRY_ASSIGN(out.cpus, node.number("cpus"));
  OBS_TRY(read_quantity(node, "memory", out.memory, parse_bytes));
  OBS_TRY(read_quantity(node, "disk", out.disk, parse_bytes));
  return {};
}

Result<std::vector<Signal>> read_signals(const yaml::Node& row) {
  std::vector<Signal> out;
  const yaml::Node* node = row.find("stores");
  for (const auto& name : node != nullptr ? split(node->scalar, ',') : std::vector<std::string>{}) {
    const auto signal = signal_named(trim(name));
    if (!signal) {
      return fail_at(node->at, fmt::format("'{}' is not a signal", name),
                     join(signal_names(), ", "));
    }
    out.push_back(*signal);
  }
  return out;
}

Result<TierComponent> read_component(const yaml::Node& row) {
  OBS_TRY(row.only({"name", "title", "instances", "cpus", "memory", "disk", "total_disk", "role",
                    "sized_as", "stores", "note"}));
  TierComponent out;
  OBS_TRY_ASSIGN(out.name, row.text("name"));
  out.component = row.text_or("sized_as", out.name);
  OBS_TRY_ASSIGN(out.title, row.text("title"));
  OBS_TRY_ASSIGN(const double instances, row.number("instances"));
  out.instances = static_cast<int>(instances);
  OBS_TRY_ASSIGN(out.cpus, row.number("cpus"));
  OBS_TRY(read_quantity(row, "memory", out.memory, parse_bytes));
  OBS_TRY(read_quantity(row, "disk", out.disk, parse_bytes, false));
  out.total_disk = {out.disk.value * instances};
  OBS_TRY(read_quantity(row, "total_disk", out.total_disk, parse_bytes, false));
  OBS_TRY_ASSIGN(out.role, row.text("role"));
  OBS_TRY_ASSIGN(out.stores, read_signals(row));
  out.note = row.text_or("note", "");
  return out;
}

Result<void> read_events(const yaml::Node& node, Tier& out) {
  OBS_TRY(node.only({"min", "max", "open"}));
  OBS_TRY_ASSIGN(out.events_min, node.number("min"));
  OBS_TRY_ASSIGN(out.events_max, node.number("max"));
  OBS_TRY(read_quantity(node, "open", out.open, parse_bool, false));
  if (out.events_max <= out.events_min) {
    return fail_at(node.at, "'events' is an empty range");
  }
  return {};
}

Result<Tier> read_tier(const yaml::Entry& entry) {
  const yaml::Node& row = entry.value;
  OBS_TRY(row.only({"title", "meant_for", "events", "applications", "users", "rates", "daily",
                    "retention", "network", "cheat_sheet", "components", "series_max",
                    "single_node", "also"}));
  Tier out;
  out.name = entry.key;
  OBS_TRY_ASSIGN(out.title, row.text("title"));
  OBS_TRY_ASSIGN(out.meant_for, row.text("meant_for"));
  OBS_TRY_ASSIGN(out.applications, row.text("applications"));
  OBS_TRY_ASSIGN(out.users, row.text("users"));
  OBS_TRY_ASSIGN(const yaml::Node* events, row.require("events"));
  OBS_TRY(read_events(*events, out));
  OBS_TRY(read_quantity(row, "series_max", out.series_max, parse_count));
  OBS_TRY(read_quantity(row, "single_node", out.single_node, parse_bool, false));
  for (const auto& name : split(row.text_or("also", ""), ',')) {
    if (!trim(name).empty()) {
      out.also.emplace_back(trim(name));
    }
  }
  OBS_TRY_ASSIGN(const yaml::Node* rates, row.require("rates"));
  OBS_TRY(read_rates(*rates, out.rates));
  OBS_TRY_ASSIGN(const yaml::Node* daily, row.require("daily"));
  OBS_TRY(read_daily(*daily, out.daily));
  OBS_TRY_ASSIGN(const yaml::Node* retention, row.require("retention"));
  OBS_TRY(read_retention(*retention, out.retention));
  OBS_TRY_ASSIGN(const yaml::Node* network, row.require("network"));
  OBS_TRY(read_network(*network, out.network));
  OBS_TRY_ASSIGN(const yaml::Node* sheet, row.require("cheat_sheet"));
  OBS_TRY(read_cheat_sheet(*sheet, out.cheat_sheet));
  OBS_TRY_ASSIGN(const yaml::Node* components, row.require("components"));
  for (const auto& item : components->items) {
    OBS_TRY_ASSIGN(auto component, read_component(item));
    out.components.push_back(std::move(component));
  }
  if (out.components.empty()) {
    return fail_at(entry.at, fmt::format("tier '{}' has no components", entry.key));
  }
  return out;
}

}  // namespace

const TierComponent* Tier::find(std::string_view component) const {
  for (const auto& row : components) {
    if (row.name == component) {
      return &row;
    }
  }
  return nullptr;
}

Resources Tier::total() const {
  Resources sum;
  for (const auto& row : components) {
    sum.instances += row.instances;
    sum.cpus += row.cpus * row.instances;
    sum.memory.value += row.memory.value * row.instances;
    sum.disk.value += row.total_disk.value;
  }
  return sum;
}

Result<std::vector<Tier>> parse_tiers(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY_ASSIGN(const yaml::Node* rows, root.require("tiers"));
  std::vector<Tier> out;
  for (const auto& entry : rows->entries) {
    OBS_TRY_ASSIGN(auto tier, read_tier(entry));
    if (!out.empty() && out.back().events_max != tier.events_min) {
      return fail_at(entry.at, fmt::format("tier '{}' does not start where '{}' ends", tier.name,
                                           out.back().name));
    }
    out.push_back(std::move(tier));
  }
  if (out.empty()) {
    return fail_at(rows->at, "no tiers");
  }
  return out;
}

Result<std::vector<Tier>> tiers() {
  static const auto parsed = parse_tiers(embedded_file(k_path), std::string(k_path));
  return parsed;
}

Result<Tier> tier(std::string_view name) {
  OBS_TRY_ASSIGN(auto all, tiers());
  std::vector<std::string> names;
  for (auto& row : all) {
    if (row.name == name) {
      return std::move(row);
    }
    names.push_back(row.name);
  }
  const std::string hint = did_you_mean(name, names);
  return fail_setting("tier", fmt::format("unknown tier '{}'", name),
                      hint.empty() ? "tiers: " + join(names, ", ") : hint);
}

const Tier& tier_for(const std::vector<Tier>& all, double events_per_second, double series) {
  for (const auto& row : all) {
    if (events_per_second <= row.events_max && series <= row.series_max) {
      return row;
    }
  }
  return all.back();
}

}  // namespace obsctl::catalog
