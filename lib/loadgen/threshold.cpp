// SPDX-License-Identifier: Apache-2.0
// Reads thresholds and holds a report against them.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/loadgen/report.hpp"

namespace obsctl::loadgen {
namespace {

using Measure = Threshold::Metric;

// What the limit of a metric is given in.
enum class Quantity : std::uint8_t { duration, share, count, rate };

struct Row {
  std::string_view name;
  Measure metric;
  Quantity limit;
  double percentile = 0;
};
// "rate" alone takes two quantities: parse_threshold() chooses.
constexpr Row k_rows[] = {
    {"p50", Measure::latency, Quantity::duration, 0.5},
    {"p90", Measure::latency, Quantity::duration, 0.9},
    {"p95", Measure::latency, Quantity::duration, 0.95},
    {"p99", Measure::latency, Quantity::duration, 0.99},
    {"p99.9", Measure::latency, Quantity::duration, 0.999},
    {"p99.99", Measure::latency, Quantity::duration, 0.9999},
    {"max", Measure::latency, Quantity::duration, 1},
    {"mean", Measure::mean, Quantity::duration},
    {"errors", Measure::errors, Quantity::share},
    {"loss", Measure::loss, Quantity::share},
    {"late", Measure::late, Quantity::share},
    {"unsent", Measure::unsent, Quantity::share},
    {"rejected", Measure::rejected, Quantity::share},
    {"rate", Measure::rate, Quantity::share},
    {"queue", Measure::queue, Quantity::count},
};

constexpr const char* k_forms = "for example 'p99<50ms', 'errors<0.1%', 'rate>99%' or 'rate>50k/s'";

Result<double> parse_limit(std::string_view text, Quantity quantity, std::string_view what) {
  switch (quantity) {
    case Quantity::duration: {
      OBS_TRY_ASSIGN(const Duration value, parse_duration(text, what));
      return value.seconds;
    }
    case Quantity::share: {
      OBS_TRY_ASSIGN(const Share value, parse_share(text, what));
      return value.value;
    }
    case Quantity::rate: {
      OBS_TRY_ASSIGN(const Rate value, parse_rate(text, what));
      return value.per_second;
    }
    case Quantity::count: break;
  }
  return parse_count(text, what);
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Accepted items per second of the whole plan. A shard's part is only about its share of it,
// because requests are not split: what it was due to send and what was accepted of that speak for
// the rest.
double plan_rate(const Report& report) {
  const SignalTally sum = report.result.total();
  const auto shards = static_cast<double>(report.shards);
  const double seconds = report.run_seconds();
  if (report.shards == 1 || report.expected <= 0 || report.unit != Unit::items || seconds <= 0) {
    return report.accepted_rate().value_or(0) * shards;
  }
  return ratio(sum.accepted, sum.sent + sum.unsent) * report.expected * shards / seconds;
}

double queue_growth(const Report& report) {
  return report.ledger ? report.ledger->after.queued - report.ledger->before.queued : 0;
}

double measured(const Threshold& threshold, const Report& report) {
  const RunResult& result = report.result;
  const SignalTally sum = result.total();
  switch (threshold.metric) {
    case Measure::latency:
      return static_cast<double>(result.latency.percentile(threshold.percentile)) * 1e-9;
    case Measure::mean: return result.latency.mean() * 1e-9;
    case Measure::errors: return report.error_share();
    case Measure::loss:
      return ratio(sum.rejected + sum.refused + sum.failed + sum.unknown, sum.sent);
    case Measure::late:
      return ratio(result.late_by_generator + result.late_by_target, sum.requests);
    case Measure::unsent: return ratio(sum.unsent, sum.sent + sum.unsent);
    case Measure::rejected: return ratio(sum.rejected, sum.sent);
    case Measure::rate: return ratio(sum.accepted, sum.sent + sum.unsent);
    case Measure::absolute_rate: return plan_rate(report);
    case Measure::queue: return queue_growth(report);
  }
  return 0;
}

std::string measured_text(Measure metric, double value) {
  switch (metric) {
    case Measure::latency:
    case Measure::mean: return human_duration({value});
    case Measure::absolute_rate: return human_rate({value});
    case Measure::queue: return human_number(value);
    default: return fmt::format("{:.4g}%", value * 100);
  }
}

}  // namespace

Result<Threshold> parse_threshold(std::string_view text) {
  const auto at = text.find_first_of("<>");
  if (at == std::string_view::npos) {
    return fail(Code::usage, fmt::format("threshold '{}' has no < or >", text), k_forms);
  }
  const std::string_view name = trim(text.substr(0, at));
  const auto* const row = std::ranges::find(k_rows, name, &Row::name);
  if (row == std::end(k_rows)) {
    return fail(Code::usage, fmt::format("unknown metric '{}' in threshold '{}'", name, text),
                k_forms);
  }
  const std::string_view limit = trim(text.substr(at + 1));
  const bool absolute = row->metric == Measure::rate && !limit.ends_with('%');
  Threshold out;
  out.text = text;
  out.metric = absolute ? Measure::absolute_rate : row->metric;
  out.percentile = row->percentile;
  out.below = text[at] == '<';
  OBS_TRY_ASSIGN(out.limit, parse_limit(limit, absolute ? Quantity::rate : row->limit,
                                        fmt::format("threshold '{}'", text)));
  return out;
}

Verdict judge(const Threshold& threshold, const Report& report) {
  Verdict out;
  out.text = threshold.text;
  if (threshold.metric == Measure::queue && !report.ledger) {
    out.actual = "nothing: the collector's metrics were not read";
    return out;
  }
  if (threshold.metric == Measure::absolute_rate && !report.accepted_rate()) {
    out.actual = "nothing: too short to tell a rate";
    return out;
  }
  const double value = measured(threshold, report);
  out.actual = measured_text(threshold.metric, value);
  out.met = threshold.below ? value < threshold.limit : value > threshold.limit;
  return out;
}

}  // namespace obsctl::loadgen
