// SPDX-License-Identifier: Apache-2.0
// Parses the rows of health checks, refusing those that could never be judged or acted upon.
#include "lib/catalog/health.hpp"

#include <fmt/format.h>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"
#include "lib/yaml/typed.hpp"

namespace obsctl::catalog {
namespace {

// Folded YAML scalars end in a newline, and nothing that is printed carries one.
std::string line(const yaml::Node& row, std::string_view key) {
  return std::string(trim(row.text_or(key, "")));
}

Result<std::vector<std::string>> list(const yaml::Node& row, std::string_view key) {
  std::vector<std::string> out;
  const yaml::Node* node = row.find(key);
  if (node == nullptr) {
    return out;
  }
  if (node->is_scalar()) {
    return std::vector<std::string>{node->scalar};
  }
  for (const auto& item : node->items) {
    if (!item.is_scalar()) {
      return fail_at(item.at, fmt::format("'{}' must be a list of single values", key));
    }
    out.push_back(item.scalar);
  }
  return out;
}

Result<void> read_pairs(const yaml::Node& row, std::string_view key, std::string_view what,
                        std::vector<std::pair<std::string, std::string>>& out) {
  const yaml::Node* pairs = row.find(key);
  if (pairs == nullptr) {
    return {};
  }
  for (const auto& one : pairs->entries) {
    if (!one.value.is_scalar()) {
      return fail_at(one.value.at, fmt::format("'{}' must be {}", one.key, what));
    }
    out.emplace_back(one.key, std::string(trim(one.value.scalar)));
  }
  return {};
}

Result<void> read_conditions(const yaml::Node& row, HealthCheck& out) {
  out.error = line(row, "error");
  out.warning = line(row, "warning");
  out.note = line(row, "note");
  if (out.error.empty() && out.warning.empty() && out.note.empty()) {
    return fail_at(out.at, fmt::format("check '{}' can find nothing", out.id),
                   "say in 'error', 'warning' or 'note' when it does");
  }
  OBS_TRY(read_pairs(row, "values", "an expression", out.values));
  return read_pairs(row, "quotes", "the name of a sample", out.quotes);
}

Result<HealthCheck> parse_check(const yaml::Entry& entry, const std::string& component) {
  const yaml::Node& row = entry.value;
  OBS_TRY(row.only({"category", "title", "when", "reads", "by", "sample", "error", "warning",
                    "note", "values", "quotes", "says", "cause", "fix", "needs", "explained_by"}));
  HealthCheck out;
  out.id = entry.key;
  out.at = entry.at;
  out.component = component;
  OBS_TRY_ASSIGN(out.category, yaml::read_choice<HealthCategory>(row, "category"));
  OBS_TRY_ASSIGN(out.title, row.text("title"));
  out.when = row.text_or("when", "");
  OBS_TRY(row.require("reads"));
  OBS_TRY_ASSIGN(out.reads, list(row, "reads"));
  OBS_TRY_ASSIGN(out.by, list(row, "by"));
  if (row.find("sample") != nullptr) {
    OBS_TRY_ASSIGN(const std::string sample, row.text("sample"));
    OBS_TRY_ASSIGN(out.sample, parse_duration(sample, "sample"));
  }
  OBS_TRY(read_conditions(row, out));
  OBS_TRY(row.require("says"));
  OBS_TRY(row.require("fix"));
  out.says = line(row, "says");
  out.cause = line(row, "cause");
  out.fix = line(row, "fix");
  OBS_TRY_ASSIGN(out.needs, list(row, "needs"));
  OBS_TRY_ASSIGN(out.explained_by, list(row, "explained_by"));
  return out;
}

}  // namespace

Result<std::vector<HealthCheck>> parse_health_checks(const SourceText& source,
                                                     const std::string& component) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file));
  OBS_TRY(root.only({"checks"}));
  OBS_TRY_ASSIGN(const yaml::Node* rows, root.require("checks"));
  Problems problems;
  std::vector<HealthCheck> out;
  for (const auto& entry : rows->entries) {
    problems.take(out.emplace_back(), parse_check(entry, component));
  }
  OBS_TRY(problems.done());
  return out;
}

}  // namespace obsctl::catalog
