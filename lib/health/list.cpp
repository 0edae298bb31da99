// SPDX-License-Identifier: Apache-2.0
// Prints the checks of a subject by category.
#include "lib/health/list.hpp"

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::health {
namespace {

std::vector<const catalog::HealthCheck*> by_category(const Subject& subject) {
  std::vector<const catalog::HealthCheck*> out;
  for (const Check& check : subject.checks) {
    out.push_back(&check.row);
  }
  std::ranges::stable_sort(out, {}, &catalog::HealthCheck::category);
  return out;
}

}  // namespace

std::string checks_text(const Subject& subject, bool color) {
  Table table{.columns = {{"id"}, {"category"}, {"component"}, {"title"}}, .rows = {}};
  for (const auto* row : by_category(subject)) {
    table.add({printable(row->id), std::string(name_of(row->category)), printable(row->component),
               printable(row->title)});
  }
  return render_text(table, color);
}

nlohmann::ordered_json checks_json(const Subject& subject) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const auto* row : by_category(subject)) {
    checks.push_back({{"id", row->id},
                      {"category", name_of(row->category)},
                      {"component", row->component},
                      {"title", row->title}});
  }
  return {{"schema", "obsctl.health.checks/v1"},
          {"subject", subject.name()},
          {"checks", std::move(checks)}};
}

}  // namespace obsctl::health
