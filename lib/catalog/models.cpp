// SPDX-License-Identifier: Apache-2.0
// Parses templates/catalog/models.yaml.
#include "lib/catalog/models.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/catalog/documents.hpp"
#include "lib/yaml/typed.hpp"
#include "templates/embedded.hpp"

namespace obsctl::catalog {
namespace {

constexpr std::string_view k_path = "catalog/models.yaml";

Result<std::vector<double>> read_numbers(const yaml::Node& row, std::string_view key) {
  OBS_TRY_ASSIGN(const yaml::Node* list, row.require(key));
  std::vector<double> out;
  for (const auto& item : list->items) {
    auto value = parse_count(item.scalar, key);
    if (!value) {
      return fail_at(item.at, value.error().message);
    }
    out.push_back(*value);
  }
  return out;
}

Result<void> read_ratios(const yaml::Node& node, ModelData& out) {
  for (const auto& entry : node.entries) {
    OBS_TRY_ASSIGN(out.ratios[entry.key], node.number(entry.key));
  }
  return {};
}

Result<void> read_published(const yaml::Node& node, ModelData& out) {
  for (const auto& entry : node.entries) {
    OBS_TRY(entry.value.only({"value", "assumed", "rule", "source"}));
    PublishedRule rule;
    OBS_TRY_ASSIGN(rule.value, entry.value.number("value"));
    OBS_TRY(read_quantity(entry.value, "assumed", rule.assumed, parse_bool, false));
    OBS_TRY_ASSIGN(rule.rule, entry.value.text("rule"));
    rule.source = entry.value.text_or("source", k_documents);
    if (rule.value <= 0) {
      return fail_at(entry.at, fmt::format("'{}' must be more than 0", entry.key));
    }
    out.published[entry.key] = std::move(rule);
  }
  return {};
}

Result<void> read_ha(const yaml::Node& node, ModelData& out) {
  for (const auto& row : node.items) {
    HaRule rule;
    OBS_TRY_ASSIGN(rule.component, row.text("component"));
    OBS_TRY_ASSIGN(const double minimum, row.number("minimum"));
    OBS_TRY_ASSIGN(const double recommended, row.number("recommended"));
    rule.minimum = static_cast<int>(minimum);
    rule.recommended = static_cast<int>(recommended);
    OBS_TRY_ASSIGN(rule.needs, row.text("needs"));
    out.ha.push_back(std::move(rule));
  }
  return {};
}

Result<void> read_dr(const yaml::Node& node, ModelData& out) {
  for (const auto& row : node.items) {
    DrOption option;
    OBS_TRY_ASSIGN(option.rpo, row.text("rpo"));
    OBS_TRY_ASSIGN(option.rto, row.text("rto"));
    OBS_TRY_ASSIGN(option.strategy, row.text("strategy"));
    OBS_TRY_ASSIGN(option.overhead, row.number("overhead"));
    out.dr.push_back(std::move(option));
  }
  return {};
}

Result<std::vector<ScaleTable>> read_scales(const yaml::Node& node) {
  std::vector<ScaleTable> out;
  for (const auto& row : node.items) {
    OBS_TRY(row.only({"table", "limits", "brokers", "partitions"}));
    ScaleTable table;
    OBS_TRY_ASSIGN(table.table, row.text("table"));
    OBS_TRY_ASSIGN(table.limits, read_numbers(row, "limits"));
    if (row.find("brokers") != nullptr) {
      OBS_TRY_ASSIGN(table.brokers, read_numbers(row, "brokers"));
      if (table.brokers.size() != table.limits.size() + 1) {
        return fail_at(row.at, "'brokers' must have one entry more than 'limits'");
      }
    }
    if (row.find("partitions") != nullptr) {
      OBS_TRY_ASSIGN(table.partitions, read_numbers(row, "partitions"));
    }
    if (table.limits.empty() || !std::ranges::is_sorted(table.limits)) {
      return fail_at(row.at, "'limits' must rise");
    }
    out.push_back(std::move(table));
  }
  return out;
}

}  // namespace

std::size_t ScaleTable::scale(double events_per_second) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(limits, [&](double limit) { return events_per_second > limit; }));
}

const PublishedRule& ModelData::rule(const std::string& name) const {
  static const PublishedRule k_none;
  const auto found = published.find(name);
  return found == published.end() ? k_none : found->second;
}

Result<ModelData> parse_models(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY(
      root.only({"ratios", "published", "ha", "dr", "boundaries", "brokers", "contradictions"}));
  ModelData out;
  OBS_TRY_ASSIGN(const yaml::Node* ratios, root.require("ratios"));
  OBS_TRY(read_ratios(*ratios, out));
  OBS_TRY_ASSIGN(const yaml::Node* published, root.require("published"));
  OBS_TRY(read_published(*published, out));
  OBS_TRY_ASSIGN(const yaml::Node* ha, root.require("ha"));
  OBS_TRY(read_ha(*ha, out));
  OBS_TRY_ASSIGN(const yaml::Node* dr, root.require("dr"));
  OBS_TRY(read_dr(*dr, out));
  OBS_TRY_ASSIGN(const yaml::Node* boundaries, root.require("boundaries"));
  OBS_TRY_ASSIGN(out.boundaries, read_scales(*boundaries));
  OBS_TRY_ASSIGN(const yaml::Node* brokers, root.require("brokers"));
  OBS_TRY_ASSIGN(out.brokers, read_scales(*brokers));
  OBS_TRY_ASSIGN(const yaml::Node* contradictions, root.require("contradictions"));
  for (const auto& entry : contradictions->entries) {
    out.contradictions[entry.key] = entry.value.scalar;
  }
  return out;
}

Result<ModelData> models() {
  return parse_models(embedded_file(k_path), std::string(k_path));
}

}  // namespace obsctl::catalog
