// SPDX-License-Identifier: Apache-2.0
// Parses the measures, and makes of each a check that finds what has to be scaled as a warning and
// everything else as a note, so that one judge evaluates both.
#include "lib/catalog/scaling.hpp"

#include <fmt/format.h>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::catalog {
namespace {

// Folded YAML scalars end in a newline.
std::string line(const yaml::Node& row, std::string_view key) {
  return std::string(trim(row.text_or(key, "")));
}

std::vector<std::string> list(const yaml::Node& row, std::string_view key) {
  std::vector<std::string> out;
  if (const yaml::Node* node = row.find(key)) {
    if (node->is_scalar()) {
      return {node->scalar};
    }
    for (const auto& item : node->items) {
      out.push_back(item.scalar);
    }
  }
  return out;
}

// Finds everything that has a use, as a note.
void find_use(HealthCheck& check, const std::string& use) {
  check.note = fmt::format("({}) >= 0", use);
  check.values.emplace_back("use", use);
}

Result<HealthCheck> parse_load(const yaml::Node& load, const std::string& key) {
  OBS_TRY_ASSIGN(const yaml::Node* row, load.require(key));
  OBS_TRY(row->only({"component", "reads", "use"}));
  HealthCheck out;
  out.id = "load." + key;
  out.at = row->at;
  OBS_TRY_ASSIGN(out.component, row->text("component"));
  OBS_TRY(row->require("reads"));
  out.reads = list(*row, "reads");
  OBS_TRY_ASSIGN(const std::string use, row->text("use"));
  find_use(out, use);
  return out;
}

Result<ScaleMeasure> parse_measure(const yaml::Entry& entry) {
  const yaml::Node& row = entry.value;
  OBS_TRY(row.only({"component", "when", "title", "reads", "by", "use", "query", "high", "unit",
                    "values", "says", "fix"}));
  ScaleMeasure out;
  out.check.id = entry.key;
  out.check.at = entry.at;
  out.use = line(row, "use");
  out.query = line(row, "query");
  out.unit = line(row, "unit");
  if (out.use.empty() == out.query.empty()) {
    return fail_at(entry.at, fmt::format("measure '{}' needs either 'use' or 'query'", entry.key));
  }
  HealthCheck& check = out.check;
  OBS_TRY_ASSIGN(check.title, row.text("title"));
  OBS_TRY_ASSIGN(out.high, row.number("high"));
  OBS_TRY_ASSIGN(check.says, row.text("says"));
  OBS_TRY_ASSIGN(check.fix, row.text("fix"));
  check.component = line(row, "component");
  check.when = line(row, "when");
  check.reads = list(row, "reads");
  check.by = list(row, "by");
  if (out.use.empty()) {
    return out;
  }
  OBS_TRY(row.require("reads"));
  check.warning = fmt::format("({}) >= {}", out.use, out.high);
  find_use(check, out.use);
  if (const yaml::Node* values = row.find("values")) {
    for (const auto& value : values->entries) {
      check.values.emplace_back(value.key, std::string(trim(value.value.scalar)));
    }
  }
  return out;
}

}  // namespace

Result<ScalePlan> parse_scaling(const SourceText& source) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file));
  OBS_TRY(root.only({"load", "measures"}));
  OBS_TRY_ASSIGN(const yaml::Node* load, root.require("load"));
  OBS_TRY_ASSIGN(const yaml::Node* measures, root.require("measures"));
  OBS_TRY(load->only({"spans", "lines", "series"}));
  ScalePlan out;
  OBS_TRY_ASSIGN(out.spans, parse_load(*load, "spans"));
  OBS_TRY_ASSIGN(out.lines, parse_load(*load, "lines"));
  OBS_TRY_ASSIGN(out.series, parse_load(*load, "series"));
  Problems problems;
  for (const auto& entry : measures->entries) {
    problems.take(out.measures.emplace_back(), parse_measure(entry));
  }
  OBS_TRY(problems.done());
  return out;
}

}  // namespace obsctl::catalog
