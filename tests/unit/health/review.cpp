// SPDX-License-Identifier: Apache-2.0
// A review as Markdown.
#include "lib/health/review.hpp"

#include <doctest/doctest.h>

namespace obsctl::health {

TEST_CASE("a review says what changed, what is wrong and what is to do") {
  Review review;
  review.cadence = catalog::Cadence::weekly;
  review.report.subject = "/srv/stack";
  review.report.results.push_back({.id = "COL-005",
                                   .status = Status::warning,
                                   .problems = {{.severity = Severity::warning,
                                                 .message = "a queue | is full",
                                                 .fix = "look after it"}}});
  review.trends = {{"disk", "/", "%", catalog::Worse::up, 0.5, 0.25},
                   {"until full", "/", "s", catalog::Worse::down, 3600, 7200},
                   {"lost", "logs", "/s", catalog::Worse::up, 0, 0},
                   {"new", "", "B", catalog::Worse::up, 1024, std::nullopt}};
  review.unanswered = {"queries: no data"};
  review.checklist = {"Read the alerts."};
  const std::string text = review_markdown(review);
  CHECK(text.starts_with("# Weekly review of /srv/stack, 1970-01-01T00:00:00Z\n"));
  CHECK(text.find("- **warning** COL-005: a queue / is full\n  look after it\n") !=
        std::string::npos);
  CHECK(text.find("| disk | / | 50 % | 25 % | **worse** (+100 %) |") != std::string::npos);
  CHECK(text.find("| until full | / | 1 h | 2 h | **worse** (-50 %) |") != std::string::npos);
  CHECK(text.find("| lost | logs | 0/s | 0/s | steady |") != std::string::npos);
  CHECK(text.find("| – |") != std::string::npos);
  CHECK(text.find("- [ ] Read the alerts.") != std::string::npos);
  CHECK(review_json(review)["trends"][3]["before"].is_null());
}

}  // namespace obsctl::health
