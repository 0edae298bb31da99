// SPDX-License-Identifier: Apache-2.0
// The derived numbers of a report, and putting several reports together.
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
  return seconds <= 0
             ? 0
             : static_cast<double>(unit == Unit::requests ? sum.requests : sum.sent) / seconds;
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
  const auto sent = static_cast<double>(unit == Unit::requests ? sum.requests : sum.sent);
  return std::abs(sent - expected) / expected;
}

double Report::error_share() const {
  const SignalTally sum = result.total();
  const auto all = static_cast<double>(sum.sent + sum.unsent);
  return all <= 0 ? 0 : 1 - static_cast<double>(sum.accepted) / all;
}

bool Report::passed() const {
  return !failure && std::ranges::all_of(verdicts, &Verdict::met) &&
         (!ledger || ledger->balanced()) && (!sampling || !sampling->checked || sampling->holds) &&
         (!search || search->highest > 0) && (!tier || tier->held);
}

namespace {

// That the reports are of different parts of one plan: anything else would count items twice.
Result<void> check_parts(const std::vector<Report>& reports) {
  const Report& first = reports.front();
  std::map<std::int64_t, const Report*> seen;  // by shard
  for (const Report& report : reports) {
    if (report.fingerprint != first.fingerprint) {
      return fail(Code::failed,
                  fmt::format("'{}' is about another payload: fingerprint {}", report.name,
                              report.fingerprint.substr(0, 12)),
                  "merge reports of the same scenario and seed");
    }
    if (report.shards != first.shards) {
      return fail(Code::failed,
                  fmt::format("'{}' is about a plan of {} shards, '{}' about one of {}",
                              report.name, report.shards, first.name, first.shards),
                  "merge the reports of one plan");
    }
    const auto [same, fresh] = seen.emplace(report.shard, &report);
    if (!fresh) {
      return fail(Code::failed,
                  fmt::format("'{}' and '{}' are both about shard {}/{}", same->second->name,
                              report.name, report.shard, report.shards),
                  "name every report once; several generators with one seed need different shards");
    }
  }
  return {};
}

}  // namespace

Result<Report> merge_reports(const std::vector<Report>& reports) {
  if (reports.empty()) {
    return fail(Code::usage, "no reports to merge", "name the JSON reports of the shards");
  }
  OBS_TRY(check_parts(reports));
  Report out = reports.front();
  const std::int64_t parts = std::exchange(out.shards, 1);
  out.shard = 0;
  for (const Report& other : reports | std::views::drop(1)) {
    out.result.add(other.result);
    out.expected += other.expected;
    out.failure = out.failure ? out.failure : other.failure;
    out.asked_rate += other.asked_rate;  // a shard's part of the plan's rate
    for (const std::string& endpoint : other.endpoints) {
      if (std::ranges::find(out.endpoints, endpoint) == out.endpoints.end()) {
        out.endpoints.push_back(endpoint);
      }
    }
    if (other.tier && !other.tier->held) {
      out.tier = other.tier;
    }
  }
  // Verdicts of a part say nothing about the whole; the same thresholds are judged again.
  std::vector<Verdict> verdicts;
  for (const Verdict& verdict : out.verdicts) {
    OBS_TRY_ASSIGN(const Threshold threshold, parse_threshold(verdict.text));
    verdicts.push_back(judge(threshold, out));
  }
  if (std::cmp_less(reports.size(), parts)) {
    verdicts.push_back({.text = "a report from every shard",
                        .actual = fmt::format("{} of {}", reports.size(), parts)});
  }
  out.verdicts = std::move(verdicts);
  return out;
}

}  // namespace obsctl::loadgen
