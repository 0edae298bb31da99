// The derived numbers of a report, thresholds, and putting several reports together.
#include "lib/loadgen/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ranges>
#include <utility>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"

namespace obsctl::loadgen {

double Report::run_seconds() const {
  if (duration > 0 && !result.interrupted) {
    return std::max(duration, result.seconds);
  }
  return result.seconds;
}

double Report::sent_rate() const {
  const SignalTally sum = result.total();
  const double seconds = run_seconds();
  return seconds <= 0 ? 0
                      : static_cast<double>(unit == "requests" ? sum.requests : sum.sent) / seconds;
}

double Report::accepted_rate() const {
  const double seconds = run_seconds();
  return seconds <= 0 ? 0 : static_cast<double>(result.total().accepted) / seconds;
}

double Report::rate_error() const {
  if (expected <= 0) {
    return 0;
  }
  const SignalTally sum = result.total();
  const auto sent = static_cast<double>(unit == "requests" ? sum.requests : sum.sent);
  return std::abs(sent - expected) / expected;
}

double Report::error_share() const {
  const SignalTally sum = result.total();
  const auto all = static_cast<double>(sum.sent + sum.unsent);
  return all <= 0 ? 0 : 1 - static_cast<double>(sum.accepted) / all;
}

bool Report::passed() const {
  return std::ranges::all_of(verdicts, &Verdict::met) && (!ledger || ledger->balanced()) &&
         (!sampling || !sampling->checked || sampling->holds) && (!search || search->highest > 0) &&
         (!certificate || certificate->held);
}

Result<Threshold> parse_threshold(std::string_view text) {
  Threshold out;
  out.text = text;
  const auto at = text.find_first_of("<>");
  static const std::vector<std::string> k_times = {"p50",   "p90",    "p95", "p99",
                                                   "p99.9", "p99.99", "max", "mean"};
  static const std::vector<std::string> k_shares = {"errors", "loss", "late", "unsent", "rejected"};
  const std::string hint = "for example 'p99<50ms', 'errors<0.1%', 'rate>99%' or 'rate>50k/s'";
  if (at == std::string_view::npos) {
    return fail(Code::usage, fmt::format("threshold '{}' has no < or >", text), hint);
  }
  out.metric = trim(text.substr(0, at));
  out.below = text[at] == '<';
  const std::string_view limit = trim(text.substr(at + 1));
  const std::string what = fmt::format("threshold '{}'", text);
  if (std::ranges::find(k_times, out.metric) != k_times.end()) {
    OBS_TRY_ASSIGN(const Duration value, parse_duration(limit, what));
    out.limit = value.seconds;
  } else if (std::ranges::find(k_shares, out.metric) != k_shares.end() ||
             (out.metric == "rate" && limit.ends_with('%'))) {
    OBS_TRY_ASSIGN(const Share value, parse_share(limit, what));
    out.limit = value.value;
  } else if (out.metric == "queue") {
    OBS_TRY_ASSIGN(out.limit, parse_count(limit, what));
  } else if (out.metric == "rate") {
    OBS_TRY_ASSIGN(const Rate value, parse_rate(limit, what));
    out.limit = value.per_second;
    out.absolute = true;
  } else {
    return fail(Code::usage, fmt::format("threshold '{}' is about nothing known", text), hint);
  }
  return out;
}

namespace {

double percentile_of(std::string_view metric) {
  if (metric == "max") {
    return 1;
  }
  const std::string digits(metric.substr(1));
  return std::stod(digits) / 100;
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
  if (report.shards == 1 || report.expected <= 0 || report.unit != "items" || seconds <= 0) {
    return report.accepted_rate() * shards;
  }
  return ratio(sum.accepted, sum.sent + sum.unsent) * report.expected * shards / seconds;
}

std::string percent(double share) {
  return fmt::format("{:.4g}%", share * 100);
}

// That the reports are of different parts of one plan: anything else would count items twice.
Result<void> check_parts(const std::vector<Report>& reports) {
  const Report& first = reports.front();
  std::map<std::int64_t, const Report*> seen;  // by shard
  for (const Report& report : reports) {
    if (report.fingerprint != first.fingerprint) {
      return fail(Code::failed,
                  fmt::format("'{}' is of another payload: fingerprint {}", report.name,
                              report.fingerprint.substr(0, 12)),
                  "merge reports of the same scenario and seed");
    }
    if (report.shards != first.shards) {
      return fail(Code::failed,
                  fmt::format("'{}' is of a plan in {} parts, '{}' of one in {}", report.name,
                              report.shards, first.name, first.shards),
                  "merge reports of one plan, from generators with '--shard K/N' of the same N");
    }
    const auto [same, fresh] = seen.emplace(report.shard, &report);
    if (!fresh) {
      return fail(Code::failed,
                  fmt::format("'{}' and '{}' are both of shard {}/{}", same->second->name,
                              report.name, report.shard, report.shards),
                  "name every report once; several generators of one seed need '--shard K/N'");
    }
  }
  return {};
}

}  // namespace

Verdict judge(const Threshold& threshold, const Report& report) {
  const RunResult& result = report.result;
  const SignalTally sum = result.total();
  double value = 0;
  Verdict out;
  out.text = threshold.text;
  if (threshold.metric == "mean" || threshold.metric == "max" ||
      threshold.metric.starts_with("p")) {
    value = threshold.metric == "mean"
                ? result.latency.mean() * 1e-9
                : static_cast<double>(result.latency.percentile(percentile_of(threshold.metric))) *
                      1e-9;
    out.actual = human_duration({value});
  } else if (threshold.metric == "queue") {
    if (!report.ledger) {
      out.actual = "nothing, there is no --ledger";
      return out;
    }
    value = report.ledger->after.queued - report.ledger->before.queued;
    out.actual = human_number(value);
  } else if (threshold.metric == "rate") {
    value = threshold.absolute ? plan_rate(report) : ratio(sum.accepted, sum.sent + sum.unsent);
    out.actual = threshold.absolute ? human_rate({value}) : percent(value);
  } else {
    if (threshold.metric == "errors") {
      value = report.error_share();
    } else if (threshold.metric == "loss") {
      value = ratio(sum.rejected + sum.refused + sum.failed + sum.unknown, sum.sent);
    } else if (threshold.metric == "late") {
      value = ratio(result.late_by_generator + result.late_by_target, sum.requests);
    } else if (threshold.metric == "unsent") {
      value = ratio(sum.unsent, sum.sent + sum.unsent);
    } else {
      value = ratio(sum.rejected, sum.sent);
    }
    out.actual = percent(value);
  }
  out.met = threshold.below ? value < threshold.limit : value > threshold.limit;
  return out;
}

Result<Report> merge_reports(const std::vector<Report>& reports) {
  if (reports.empty()) {
    return fail(Code::usage, "there is no report to merge");
  }
  OBS_TRY(check_parts(reports));
  Report out = reports.front();
  const std::int64_t parts = std::exchange(out.shards, 1);
  out.shard = 0;
  for (const Report& other : reports | std::views::drop(1)) {
    out.result.add(other.result);
    out.expected += other.expected;
    out.asked_rate += other.asked_rate;  // a shard's part of the plan's rate
    for (const std::string& endpoint : other.endpoints) {
      if (std::ranges::find(out.endpoints, endpoint) == out.endpoints.end()) {
        out.endpoints.push_back(endpoint);
      }
    }
    if (other.certificate && !other.certificate->held) {
      out.certificate = other.certificate;
    }
  }
  // Verdicts of a part say nothing about the whole; the same thresholds are judged again.
  std::vector<Verdict> verdicts;
  for (const Verdict& verdict : out.verdicts) {
    OBS_TRY_ASSIGN(const Threshold threshold, parse_threshold(verdict.text));
    verdicts.push_back(judge(threshold, out));
  }
  if (std::cmp_less(reports.size(), parts)) {
    verdicts.push_back({.text = "a report of every shard",
                        .actual = fmt::format("{} of {}", reports.size(), parts)});
  }
  out.verdicts = std::move(verdicts);
  return out;
}

}  // namespace obsctl::loadgen
