// SPDX-License-Identifier: Apache-2.0
// When to scale what: how much of what each part has is used, and from where on it needs more, as
// data: templates/catalog/scaling.yaml.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/catalog/health.hpp"

namespace obsctl::catalog {

// One measure. `check` has id, component (empty: every component has it), title, when, reads, by,
// values, says and fix; its conditions follow from `use` and `high`.
struct ScaleMeasure {
  HealthCheck check;
  std::string use;    // an expression over samples; empty where `query` is asked
  std::string query;  // PromQL
  double high = 0;    // the use from which on it has to be scaled
  std::string unit;   // a format of health's texts: %, s, B, /s, or empty
};

struct ScalePlan {
  // What the stack takes in, as checks of the components that say it: `use` is the value.
  HealthCheck spans;
  HealthCheck lines;
  HealthCheck series;
  std::vector<ScaleMeasure> measures;
};

// Errors: unknown or missing keys, a measure that reads nothing or two things; all of them, with
// file:line:column.
[[nodiscard]] Result<ScalePlan> parse_scaling(const SourceText& source);

}  // namespace obsctl::catalog
