// SPDX-License-Identifier: Apache-2.0
// Parses what a review looks at.
#include "lib/catalog/review.hpp"

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"
#include "lib/yaml/typed.hpp"

namespace obsctl::catalog {
namespace {

Result<std::vector<Cadence>> cadences(const yaml::Node& row) {
  OBS_TRY_ASSIGN(const yaml::Node* list, row.require("cadence"));
  std::vector<Cadence> out;
  for (const auto& item : list->items) {
    auto cadence = parse_choice<Cadence>(item.scalar, "cadence");
    if (!cadence) {
      return fail_at(item.at, cadence.error().message, cadence.error().hint);
    }
    out.push_back(*cadence);
  }
  if (out.empty()) {
    return fail_at(list->at, "'cadence' must be a list with at least one entry");
  }
  return out;
}

Result<Trend> parse_trend(const yaml::Node& row) {
  OBS_TRY(row.only({"title", "cadence", "query", "unit", "worse"}));
  Trend out;
  OBS_TRY_ASSIGN(out.title, row.text("title"));
  OBS_TRY_ASSIGN(out.cadence, cadences(row));
  OBS_TRY_ASSIGN(const std::string query, row.text("query"));
  out.query = std::string(trim(query));
  out.unit = row.text_or("unit", "");
  OBS_TRY_ASSIGN(out.worse, yaml::read_choice<Worse>(row, "worse"));
  return out;
}

Result<ReviewStep> parse_step(const yaml::Node& row) {
  OBS_TRY(row.only({"cadence", "text"}));
  ReviewStep out;
  OBS_TRY_ASSIGN(out.text, row.text("text"));
  OBS_TRY_ASSIGN(out.cadence, cadences(row));
  return out;
}

}  // namespace

Result<ReviewPlan> parse_review(const SourceText& source) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file));
  OBS_TRY(root.only({"trends", "checklist"}));
  OBS_TRY_ASSIGN(const yaml::Node* trends, root.require("trends"));
  OBS_TRY_ASSIGN(const yaml::Node* checklist, root.require("checklist"));
  Problems problems;
  ReviewPlan out;
  for (const auto& row : trends->items) {
    problems.take(out.trends.emplace_back(), parse_trend(row));
  }
  for (const auto& row : checklist->items) {
    problems.take(out.checklist.emplace_back(), parse_step(row));
  }
  OBS_TRY(problems.done());
  return out;
}

}  // namespace obsctl::catalog
