// SPDX-License-Identifier: Apache-2.0
// What can be measured on a running stack and which PromQL queries do:
// templates/catalog/measures.yaml and `measures` of the components' sizing.yaml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/component_sizing.hpp"

namespace obsctl::catalog {

struct Measure {
  std::string name;                  // key of the calibration, for example "spans_per_second"
  std::string title;                 // "spans received"
  std::string unit;                  // may be empty
  std::string formula;               // "F01"
  std::string missing;               // what is said when no query has an answer
  std::vector<std::string> queries;  // tried in this order; WINDOW stands for a window
};

// In the order of the file, with the queries that any collector answers. The error holds every
// mistake, with line and column.
[[nodiscard]] Result<std::vector<Measure>> parse_measures(std::string_view text,
                                                          const std::string& file);
[[nodiscard]] Result<std::vector<Measure>> measures();

// The same with the queries of all components after them, by the components' names.
[[nodiscard]] std::vector<Measure> with_components(std::vector<Measure> measures,
                                                   const SizingRules& rules);

}  // namespace obsctl::catalog
