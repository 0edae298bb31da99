// SPDX-License-Identifier: Apache-2.0
// Parses the price book and the instance types.
#include "lib/catalog/prices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/catalog/documents.hpp"
#include "lib/yaml/typed.hpp"
#include "templates/embedded.hpp"

namespace obsctl::catalog {
namespace {

constexpr std::string_view k_prices = "catalog/prices.yaml";
constexpr std::string_view k_instances = "catalog/instances.yaml";

Result<void> check_range(const Money& money, const SourcePos& at) {
  if (money.low < 0 || money.high < money.low) {
    return fail_at(at, "a price range must go from low to high");
  }
  return {};
}

// `low` and `high` of a row.
Result<Money> read_range(const yaml::Node& row) {
  Money out;
  OBS_TRY_ASSIGN(out.low, row.number("low"));
  OBS_TRY_ASSIGN(out.high, row.number("high"));
  OBS_TRY(check_range(out, row.at));
  return out;
}

// A value of the form [low, high].
Result<Money> read_pair(const yaml::Node& row, std::string_view key) {
  OBS_TRY_ASSIGN(const yaml::Node* pair, row.require(key));
  Money out;
  if (pair->items.size() != 2) {
    return fail_at(pair->at, fmt::format("'{}' must be [low, high]", key));
  }
  const std::string name(key);
  for (std::size_t i = 0; i < 2; ++i) {
    auto value = parse_count(pair->items[i].scalar, name);
    if (!value) {
      return fail_at(pair->items[i].at, value.error().message);
    }
    (i == 0 ? out.low : out.high) = *value;
  }
  OBS_TRY(check_range(out, pair->at));
  return out;
}

Result<HostSet> read_host(const yaml::Node& row) {
  OBS_TRY(
      row.only({"tier", "provider", "title", "count", "cpus", "memory", "disk", "low", "high"}));
  HostSet out;
  OBS_TRY_ASSIGN(out.tier, row.text("tier"));
  OBS_TRY_ASSIGN(out.provider, read_choice<Vendor>(row, "provider"));
  OBS_TRY_ASSIGN(out.title, row.text("title"));
  double count = 0;
  OBS_TRY(read_quantity(row, "count", count, parse_count, false));
  out.count = static_cast<int>(count);
  OBS_TRY(read_quantity(row, "cpus", out.cpus, parse_count, false));
  OBS_TRY(read_quantity(row, "memory", out.memory, parse_bytes, false));
  OBS_TRY(read_quantity(row, "disk", out.disk, parse_bytes, false));
  OBS_TRY_ASSIGN(out.price, read_range(row));
  out.source = k_documents;
  return out;
}

Result<Machine> read_machine(const yaml::Node& row) {
  OBS_TRY(row.only(
      {"provider", "title", "cpus", "memory", "disk", "low", "high", "date", "source", "url"}));
  Machine out;
  OBS_TRY_ASSIGN(out.provider, read_choice<Vendor>(row, "provider"));
  OBS_TRY_ASSIGN(out.title, row.text("title"));
  OBS_TRY(read_quantity(row, "cpus", out.cpus, parse_count));
  OBS_TRY(read_quantity(row, "memory", out.memory, parse_bytes));
  OBS_TRY(read_quantity(row, "disk", out.disk, parse_bytes, false));
  OBS_TRY_ASSIGN(out.price, read_range(row));
  OBS_TRY_ASSIGN(out.date, row.text("date"));
  OBS_TRY_ASSIGN(out.source, row.text("source"));
  OBS_TRY_ASSIGN(out.url, row.text("url"));
  return out;
}

Result<void> read_storage(const yaml::Node& node, StoragePrice& out) {
  OBS_TRY(node.only({"object", "block"}));
  OBS_TRY_ASSIGN(const yaml::Node* object, node.require("object"));
  OBS_TRY_ASSIGN(out.object, read_range(*object));
  OBS_TRY_ASSIGN(const yaml::Node* block, node.require("block"));
  OBS_TRY_ASSIGN(out.block, read_range(*block));
  return {};
}

Result<TcoRow> read_tco(const yaml::Entry& entry) {
  OBS_TRY(entry.value.only({"infrastructure", "operations", "storage"}));
  TcoRow out;
  out.tier = entry.key;
  OBS_TRY_ASSIGN(out.infrastructure, read_pair(entry.value, "infrastructure"));
  OBS_TRY_ASSIGN(out.operations, read_pair(entry.value, "operations"));
  OBS_TRY_ASSIGN(out.storage, read_pair(entry.value, "storage"));
  return out;
}

}  // namespace

Result<PriceBook> parse_prices(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY(root.only({"date", "machines", "hosts", "storage", "tco", "managed"}));
  PriceBook out;
  OBS_TRY_ASSIGN(out.date, root.text("date"));
  OBS_TRY_ASSIGN(const yaml::Node* machines, root.require("machines"));
  for (const auto& item : machines->items) {
    OBS_TRY_ASSIGN(auto machine, read_machine(item));
    out.machines.push_back(std::move(machine));
  }
  OBS_TRY_ASSIGN(const yaml::Node* hosts, root.require("hosts"));
  for (const auto& item : hosts->items) {
    OBS_TRY_ASSIGN(auto host, read_host(item));
    out.hosts.push_back(std::move(host));
  }
  OBS_TRY_ASSIGN(const yaml::Node* storage, root.require("storage"));
  OBS_TRY(read_storage(*storage, out.storage));
  OBS_TRY_ASSIGN(const yaml::Node* tco, root.require("tco"));
  for (const auto& entry : tco->entries) {
    OBS_TRY_ASSIGN(auto row, read_tco(entry));
    out.tco.push_back(std::move(row));
  }
  OBS_TRY_ASSIGN(const yaml::Node* managed, root.require("managed"));
  for (const auto& entry : managed->entries) {
    OBS_TRY_ASSIGN(const Money price, read_range(entry.value));
    out.managed.push_back({entry.key, price});
  }
  return out;
}

Result<PriceBook> prices() {
  return parse_prices(embedded_file(k_prices), std::string(k_prices));
}

Result<std::vector<InstanceTypes>> parse_instances(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  std::vector<InstanceTypes> out;
  for (const auto& provider : root.entries) {
    const auto vendor = choice_named<Vendor>(provider.key);
    if (!vendor) {
      return fail_at(provider.at, fmt::format("unknown provider '{}'", provider.key),
                     "one of: " + join(choices_of<Vendor>(), ", "));
    }
    OBS_TRY_ASSIGN(const auto source, provider.value.text("source"));
    for (const auto& tier : provider.value.entries) {
      if (!tier.value.is_map()) {
        continue;  // the source
      }
      InstanceTypes row{*vendor, tier.key, {}, source};
      for (const auto& role : tier.value.entries) {
        row.roles.emplace_back(role.key, role.value.scalar);
      }
      out.push_back(std::move(row));
    }
  }
  return out;
}

Result<std::vector<InstanceTypes>> instances() {
  return parse_instances(embedded_file(k_instances), std::string(k_instances));
}

}  // namespace obsctl::catalog
