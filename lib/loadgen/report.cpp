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
namespace {

std::optional<double> rate_of(const Report& report, std::uint64_t units) {
  const double seconds = report.run_seconds();
  if (report.result.total().requests == 1 || (seconds <= 0 && units > 0)) {
    return std::nullopt;
  }
  return seconds <= 0 ? 0 : static_cast<double>(units) / seconds;
}

}  // namespace

double Report::run_seconds() const {
  if (result.load_seconds > 0) {
    return result.load_seconds;
  }
  if (duration > 0 && !result.interrupted) {
    return std::max(duration, result.seconds);
  }
  return result.seconds;
}

std::optional<double> Report::sent_rate() const {
  const SignalTally sum = result.total();
  return rate_of(*this, unit == Unit::requests ? sum.requests : sum.sent);
}

std::optional<double> Report::accepted_rate() const {
  return rate_of(*this, result.total().accepted);
}

double Report::rate_error() const {
  const SignalTally sum = result.total();
  const bool requests = unit == Unit::requests;
  const auto sent = static_cast<double>(requests ? sum.requests : sum.sent);
  const auto unsent = static_cast<double>(requests ? sum.requests_unsent : sum.unsent);
  // What an interrupted run did not come to is not off.
  const double due = result.interrupted && expected > 0 ? sent + unsent : expected;
  return due <= 0 ? 0 : std::abs(sent - due) / due;
}

double Report::error_share() const {
  const SignalTally sum = result.total();
  const auto all = static_cast<double>(sum.sent + sum.unsent);
  return all <= 0 ? 0 : 1 - static_cast<double>(sum.accepted) / all;
}

bool Report::checks_hold() const {
  return std::ranges::all_of(verdicts, &Verdict::met) && (!ledger || ledger->balanced()) &&
         (!sink || sink->holds()) && (!sampling || !sampling->checked || sampling->holds) &&
         (!search || search->confirmed()) && (!tier || tier->held);
}

bool Report::passed() const {
  const SignalTally sum = result.total();
  return !failure && checks_hold() &&
         (sum.accepted > 0 || sum.sent + sum.unsent == 0 || shards > 1);
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
    auto threshold = parse_threshold(verdict.text);
    if (!threshold) {
      return Failure(
          std::move(threshold).error().in(fmt::format("reading 'thresholds' of '{}'", out.name)));
    }
    verdicts.push_back(judge(*threshold, out));
  }
  if (std::cmp_less(reports.size(), parts)) {
    verdicts.push_back({.text = "a report from every shard",
                        .actual = fmt::format("{} of {}", reports.size(), parts)});
  }
  out.verdicts = std::move(verdicts);
  return out;
}

}  // namespace obsctl::loadgen
