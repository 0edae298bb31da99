// SPDX-License-Identifier: Apache-2.0
// Which metrics an alert's expression depends on, because one that selects a name that nothing has
// can never fire, and says so nowhere.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace obsctl::health {

struct SelectedNames {
  // Names without any of which it has no result. Left out: what absent() looks for, what follows
  // `unless`, series that Prometheus makes itself (ALERTS).
  std::set<std::string> names;
  // It has an alternative (`or`): one of the names is enough.
  bool any = false;
  // It has a result whatever there is: `or vector(…)`.
  bool always = false;
};

[[nodiscard]] SelectedNames selected_names(std::string_view promql);

// Finds names among many.
class KnownNames {
 public:
  explicit KnownNames(std::vector<std::string> names);

  [[nodiscard]] bool has(const std::string& name) const;
  // The name that is meant: the same with or without `_total` and a unit, else one with a typo of at
  // most two letters; empty when there is none.
  [[nodiscard]] std::string near(const std::string& name) const;

 private:
  std::vector<std::string> names_;  // sorted
};

}  // namespace obsctl::health
