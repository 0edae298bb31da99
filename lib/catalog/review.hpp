// SPDX-License-Identifier: Apache-2.0
// What is looked at in a review of a running stack, by cadence: templates/catalog/review.yaml.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/catalog/alerts.hpp"

namespace obsctl::catalog {

enum class Cadence { daily, weekly, monthly, quarterly };

constexpr auto names_of(Cadence) {
  using enum Cadence;
  return std::to_array<Named<Cadence>>(
      {{daily, "daily"}, {weekly, "weekly"}, {monthly, "monthly"}, {quarterly, "quarterly"}});
}

enum class Worse { up, down };

constexpr auto names_of(Worse) {
  return std::to_array<Named<Worse>>({{Worse::up, "up"}, {Worse::down, "down"}});
}

struct Trend {
  std::string title;
  std::vector<Cadence> cadence;
  std::string query;  // PromQL; WINDOW stands for the time that the review is about
  std::string unit;   // a format of health's texts: %, s, B, /s, or empty
  Worse worse = Worse::up;
};

struct ReviewStep {
  std::string text;
  std::vector<Cadence> cadence;
};

struct ReviewPlan {
  std::vector<Trend> trends;
  std::vector<ReviewStep> checklist;
};

// Errors: unknown or missing keys, a cadence that there is not; all of them, with file:line:column.
[[nodiscard]] Result<ReviewPlan> parse_review(const SourceText& source);

}  // namespace obsctl::catalog
