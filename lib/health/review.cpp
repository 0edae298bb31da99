// SPDX-License-Identifier: Apache-2.0
// Asks for the trends of a review.
#include "lib/health/review.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/health/query_url.hpp"
#include "lib/prom/query.hpp"

namespace obsctl::health {
namespace {

constexpr Duration k_timeout = {5};

std::string_view window_of(catalog::Cadence cadence) {
  switch (cadence) {
    case catalog::Cadence::daily: return "1d";
    case catalog::Cadence::weekly: return "7d";
    case catalog::Cadence::monthly: return "30d";
    case catalog::Cadence::quarterly: return "90d";
  }
  return "1d";
}

Result<catalog::ReviewPlan> plan_of(const Subject& subject) {
  const TemplateStore& store = subject.stack.templates.store;
  OBS_TRY_ASSIGN(const Values values, row_values(subject));
  OBS_TRY_ASSIGN(const Template source, store.find("catalog/review.yaml"));
  OBS_TRY_ASSIGN(std::string text, render_template(source, values, store));
  return catalog::parse_review({std::move(text), source.file()});
}

std::string label_text(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> out;
  for (const auto& [name, value] : labels) {
    out.push_back(value);
  }
  return join(out, " ");
}

}  // namespace

Result<Review> review(const Services& services, const Subject& subject, catalog::Cadence cadence,
                      Report report) {
  OBS_TRY_ASSIGN(const catalog::ReviewPlan plan, plan_of(subject));
  OBS_TRY_ASSIGN(const std::string url, query_url(subject));
  const prom::QueryClient client(services.http, url);
  Review out{.cadence = cadence,
             .report = std::move(report),
             .trends = {},
             .unanswered = {},
             .checklist = {}};
  const std::string window(window_of(cadence));
  const auto due = [cadence](const auto& row) {
    return std::ranges::find(row.cadence, cadence) != row.cadence.end();
  };
  for (const catalog::Trend& trend : plan.trends) {
    if (!due(trend)) {
      continue;
    }
    const std::string query = replace_all(trend.query, "WINDOW", window);
    const auto now = client.query(query, k_timeout);
    if (!now) {
      out.unanswered.push_back(fmt::format("{}: {}", trend.title, now.error().message));
      continue;
    }
    // A subquery of one step moves the whole expression, however many selectors it has.
    const auto before = client.query(
        fmt::format("last_over_time(({})[1m:1m] offset {})", query, window), k_timeout);
    if (now->empty()) {
      out.unanswered.push_back(fmt::format("{}: no data", trend.title));
    }
    for (const prom::Sample& sample : *now) {
      TrendLine line{.title = trend.title,
                     .of = label_text(sample.labels),
                     .unit = trend.unit,
                     .worse = trend.worse,
                     .now = sample.value,
                     .before = {}};
      if (before) {
        const auto was = std::ranges::find(*before, sample.labels, &prom::Sample::labels);
        line.before = was == before->end() ? std::nullopt : std::optional<double>(was->value);
      }
      out.trends.push_back(std::move(line));
    }
  }
  for (const catalog::ReviewStep& row : plan.checklist) {
    if (due(row)) {
      out.checklist.push_back(row.text);
    }
  }
  return out;
}

}  // namespace obsctl::health
