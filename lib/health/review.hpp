// SPDX-License-Identifier: Apache-2.0
// A review of a running stack: what has changed over a day, a week, a month or a quarter, what
// health finds now, and what only a person can do.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/catalog/review.hpp"
#include "lib/health/report.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::health {

// One series of a trend: its mean or peak in the time of the review, and in the time before.
struct TrendLine {
  std::string title;
  std::string of;  // what tells it apart: "traces", "/"; empty when there is one
  std::string unit;
  catalog::Worse worse = catalog::Worse::up;
  std::optional<double> now;
  std::optional<double> before;
};

struct Review {
  catalog::Cadence cadence = catalog::Cadence::daily;
  Report report;
  std::vector<TrendLine> trends;
  std::vector<std::string> unanswered;  // trends that nothing is known about, with the reason
  std::vector<std::string> checklist;
};

// Asks the stack's Prometheus. Errors: the stack has none that can be asked from here; a row of the
// catalog that is not valid.
[[nodiscard]] Result<Review> review(const Services& services, const Subject& subject,
                                    catalog::Cadence cadence, Report report);

// Markdown, for a ticket.
[[nodiscard]] std::string review_markdown(const Review& review);
// Schema obsctl.health.review/v1.
[[nodiscard]] nlohmann::ordered_json review_json(const Review& review);

}  // namespace obsctl::health
