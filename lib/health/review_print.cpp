// SPDX-License-Identifier: Apache-2.0
// A review as Markdown and as JSON.
#include <fmt/format.h>

#include <cmath>

#include "lib/base/text.hpp"
#include "lib/base/time.hpp"
#include "lib/health/review.hpp"

namespace obsctl::health {
namespace {

// A cell of a table: one line without the character that ends it.
std::string cell(std::string text) {
  return replace_all(replace_all(std::move(text), "|", "/"), "\n", " ");
}

std::string number(const std::optional<double>& value, const std::string& unit) {
  return value ? fill_in("{n:" + unit + "}", {}, {{"n", *value}}) : "–";
}

// A change of a tenth is worth a word.
std::string change(const TrendLine& line) {
  if (!line.now || !line.before) {
    return "";
  }
  const double was = *line.before;
  const double difference = *line.now - was;
  if (std::abs(difference) <= 0.1 * std::abs(was)) {
    return "steady";
  }
  const bool up = difference > 0;
  const std::string word = up == (line.worse == catalog::Worse::up) ? "**worse**" : "better";
  return was == 0 ? word : fmt::format("{} ({:+.0f} %)", word, 100 * difference / was);
}

std::string wrong_now(const Report& report) {
  std::string out;
  for (const CheckResult& check : report.results) {
    for (const Problem& problem : check.problems) {
      out += fmt::format("- **{}** {}: {}\n", name_of(problem.severity), check.id,
                         cell(problem.message));
      if (!problem.fix.empty()) {
        out += fmt::format("  {}\n", cell(problem.fix));
      }
    }
    if (check.status == Status::unknown) {
      out += fmt::format("- unknown {}: {}\n", check.id, cell(check.why));
    }
  }
  return out.empty() ? "Nothing is wrong now.\n" : out;
}

}  // namespace

std::string review_markdown(const Review& review) {
  std::string out =
      fmt::format("# {} review of {}, {}\n\n## Now\n\n{}", name_of(review.cadence),
                  review.report.subject, print_time(review.report.at), wrong_now(review.report));
  out[2] = static_cast<char>(std::toupper(out[2]));
  if (!review.trends.empty()) {
    out += "\n## Trends\n\n| what | of | now | before | change |\n|---|---|---|---|---|\n";
    for (const TrendLine& line : review.trends) {
      out += fmt::format("| {} | {} | {} | {} | {} |\n", cell(line.title), cell(line.of),
                         number(line.now, line.unit), number(line.before, line.unit), change(line));
    }
  }
  if (!review.unanswered.empty()) {
    out += "\nNot known:\n";
    for (const auto& one : review.unanswered) {
      out += fmt::format("- {}\n", cell(one));
    }
  }
  out += "\n## To do\n\n";
  for (const auto& one : review.checklist) {
    out += fmt::format("- [ ] {}\n", one);
  }
  return out;
}

nlohmann::ordered_json review_json(const Review& review) {
  nlohmann::ordered_json out = {{"schema", "obsctl.health.review/v1"},
                                {"cadence", std::string(name_of(review.cadence))},
                                {"subject", review.report.subject},
                                {"at", print_time(review.report.at)},
                                {"trends", nlohmann::ordered_json::array()},
                                {"unanswered", review.unanswered},
                                {"checklist", review.checklist}};
  const auto value = [](const std::optional<double>& number) {
    return number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json(nullptr);
  };
  for (const TrendLine& line : review.trends) {
    out["trends"].push_back({{"title", line.title},
                             {"of", line.of},
                             {"unit", line.unit},
                             {"now", value(line.now)},
                             {"before", value(line.before)}});
  }
  return out;
}

}  // namespace obsctl::health
