// SPDX-License-Identifier: Apache-2.0
// Steps up by doubling, then halves the bracket; every trial is one bounded run.
#include "lib/loadgen/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace obsctl::loadgen {
namespace {

Trial trial_of(double rate, const Report& report, const std::vector<Threshold>& thresholds) {
  Trial out;
  out.asked = rate;
  out.achieved = report.accepted_rate().value_or(0);
  out.p99 = static_cast<double>(report.result.latency.percentile(0.99)) * 1e-9;
  out.errors = report.error_share();
  out.held = true;
  const SignalTally sum = report.result.total();
  const auto due = static_cast<double>(sum.sent + sum.unsent);
  if (due > 0 && static_cast<double>(sum.sent) < 0.99 * due) {
    out.held = false;
    out.note = fmt::format("only {:.1f} % sent", 100 * static_cast<double>(sum.sent) / due);
  }
  for (const Threshold& threshold : thresholds) {
    const Verdict verdict = judge(threshold, report);
    if (!verdict.met) {
      out.held = false;
      out.note +=
          fmt::format("{}{} ({})", out.note.empty() ? "" : ", ", verdict.text, verdict.actual);
    }
  }
  return out;
}

int met_at(const std::vector<Trial>& trials, double rate) {
  return static_cast<int>(std::ranges::count_if(
      trials, [rate](const Trial& trial) { return trial.asked == rate && trial.held; }));
}

// The highest confirmed rate; without one the highest that was ever met.
void choose(Search& search) {
  for (const Trial& trial : search.trials) {
    const int met = met_at(search.trials, trial.asked);
    const bool better =
        std::pair(met > 1, trial.asked) > std::pair(search.confirmed(), search.highest);
    if (met > 0 && better) {
      search.highest = trial.asked;
      search.met = met;
      search.tried =
          static_cast<int>(std::ranges::count(search.trials, trial.asked, &Trial::asked));
    }
  }
}

}  // namespace

Result<SearchResult> find_max(const SearchOptions& options, const TryRate& try_rate) {
  SearchResult out;
  std::vector<Threshold> thresholds = options.thresholds;
  if (thresholds.empty()) {
    for (const char* text : {"errors<0.1%", "p99<500ms"}) {
      OBS_TRY_ASSIGN(auto threshold, parse_threshold(text));
      thresholds.push_back(std::move(threshold));
    }
  }
  const auto attempt = [&](double rate) -> Result<bool> {
    auto report = try_rate(rate);
    // A target that is gone ends the search, and what was found before stays worth to know.
    if (!report && !out.search.trials.empty()) {
      out.search.ended_by = report.error().message;
      return false;
    }
    OBS_TRY_ASSIGN(out.last, std::move(report));
    const Trial trial = trial_of(rate, out.last, thresholds);
    out.search.generator_bound =
        out.search.generator_bound || (!trial.held && out.last.result.generator_bound());
    out.search.trials.push_back(trial);
    return trial.held;
  };
  const auto over = [&] {
    return out.last.result.interrupted || !out.search.ended_by.empty() ||
           static_cast<int>(out.search.trials.size()) >= options.max_trials;
  };
  double low = 0;
  double high = 0;
  for (double rate = options.start; high == 0 && !over(); rate *= 2) {
    OBS_TRY_ASSIGN(const bool held, attempt(rate));
    (held ? low : high) = rate;
  }
  while (low == 0 && high > 1 && !over()) {
    OBS_TRY_ASSIGN(const bool held, attempt(high / 4));
    (held ? low : high) = high / 4;
  }
  while (low > 0 && high > low * (1 + options.precision) && !over()) {
    const double middle = (low + high) / 2;
    OBS_TRY_ASSIGN(const bool held, attempt(middle));
    (held ? low : high) = middle;
  }
  double step = options.precision;
  for (int i = 0; i < options.max_confirmations && low > 0 && !out.last.result.interrupted &&
                  out.search.ended_by.empty();
       ++i) {
    OBS_TRY_ASSIGN(const bool held, attempt(low));
    if (!held) {
      low *= 1 - step;
      step = std::min(2 * step, 0.5);
    } else if (met_at(out.search.trials, low) > 1) {
      break;
    }
  }
  choose(out.search);
  return out;
}

}  // namespace obsctl::loadgen
