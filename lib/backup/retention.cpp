// SPDX-License-Identifier: Apache-2.0
// The rules of retention, the newest set first.
#include "lib/backup/retention.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "lib/base/choice.hpp"
#include "lib/base/text.hpp"

namespace obsctl::backup {
namespace {

struct Rule {
  std::string_view name;
  int RetentionPolicy::*count;
  const char* bucket;  // in the format of strftime; nullptr: every set is its own
};

constexpr auto k_rules = std::to_array<Rule>({
    {"last", &RetentionPolicy::last, nullptr},
    {"hourly", &RetentionPolicy::hourly, "{:%Y-%m-%dT%H}"},
    {"daily", &RetentionPolicy::daily, "{:%Y-%m-%d}"},
    {"weekly", &RetentionPolicy::weekly, "{:%G-W%V}"},
    {"monthly", &RetentionPolicy::monthly, "{:%Y-%m}"},
    {"yearly", &RetentionPolicy::yearly, "{:%Y}"},
});
constexpr std::string_view k_within = "within";
constexpr int k_most = 100'000;
// Clocks of machines that share a disk differ a little.
constexpr auto k_clocks_differ = std::chrono::minutes(5);

Result<void> parse_rule(RetentionPolicy& policy, const std::string& part, std::string_view what,
                        std::set<std::string>& seen) {
  const auto sign = part.find('=');
  const std::string name(trim(part.substr(0, sign)));
  const std::string value = sign == std::string::npos ? "" : part.substr(sign + 1);
  if (!seen.insert(name).second) {
    return fail(Code::usage, fmt::format("'{}' says '{}' twice", what, printable(name)));
  }
  if (name == k_within) {
    OBS_TRY_ASSIGN(policy.within, parse_duration(value, fmt::format("{} within", what)));
    return {};
  }
  std::vector<std::string> names = {std::string(k_within)};
  for (const Rule& rule : k_rules) {
    if (rule.name == name) {
      OBS_TRY_ASSIGN(const auto count,
                     parse_integer(value, fmt::format("{} {}", what, name), 0, k_most));
      policy.*rule.count = static_cast<int>(count);
      return {};
    }
    names.emplace_back(rule.name);
  }
  return unknown_choice(name, what, names);
}

std::string bucket_of(const Rule& rule, const RetentionSet& set) {
  return rule.bucket == nullptr
             ? set.id
             : fmt::format(fmt::runtime(rule.bucket),
                           fmt::gmtime(std::chrono::system_clock::to_time_t(set.at)));
}

// Which periods of a group have their set already.
struct Kept {
  std::array<std::set<std::string>, k_rules.size()> buckets;
  bool any = false;
};

// The rules that keep the next set of a group; empty: none does.
std::string rules_that_keep(const RetentionPolicy& policy, const RetentionSet& set, Kept& kept,
                            Time now) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < k_rules.size(); ++i) {
    const Rule& rule = k_rules.at(i);
    std::set<std::string>& buckets = kept.buckets.at(i);
    if (buckets.size() < static_cast<std::size_t>(policy.*rule.count)) {
      const std::string bucket = bucket_of(rule, set);
      if (buckets.insert(bucket).second) {
        out.push_back(rule.bucket == nullptr ? std::string(rule.name)
                                             : fmt::format("{} {}", rule.name, bucket));
      }
    }
  }
  const double age = std::chrono::duration<double>(now - set.at).count();
  if (policy.within.seconds > 0 && age <= policy.within.seconds) {
    out.push_back(fmt::format("{} {}", k_within, print_duration(policy.within)));
  }
  return join(out, ", ");
}

// Why a set neither counts nor is removed; empty: it does.
std::string outside_of_the_rules(const RetentionSet& set, Time now) {
  if (!set.readable) {
    return "its manifest cannot be read; no policy removes it";
  }
  if (set.restoring) {
    return "an open restore needs it";
  }
  if (!set.complete) {
    return "partial: does not count, and no policy removes it";
  }
  if (!set.verified) {
    return "not verified: does not count, and no policy removes it";
  }
  return set.at > now + k_clocks_differ ? "dated in the future" : "";
}

Verdict judge(const RetentionPolicy& policy, const RetentionSet& set,
              std::map<std::string, Kept>& groups, Time now) {
  if (const std::string why = outside_of_the_rules(set, now); !why.empty()) {
    return {set.id, true, why};
  }
  Kept& kept = groups[set.group];
  const bool newest = !kept.any;
  kept.any = true;
  const std::string rules = rules_that_keep(policy, set, kept, now);
  if (!rules.empty()) {
    return {set.id, true, set.pinned ? "pinned, " + rules : rules};
  }
  if (set.pinned) {
    return {set.id, true, "pinned"};
  }
  return newest ? Verdict{set.id, true, "the last one that is complete and verified"}
                : Verdict{set.id, false, "no rule keeps it"};
}

}  // namespace

Result<RetentionPolicy> parse_policy(std::string_view text, std::string_view what) {
  RetentionPolicy out;
  std::set<std::string> seen;
  for (const std::string& part : split(text, ',')) {
    OBS_TRY(parse_rule(out, part, what, seen));
  }
  if (out == RetentionPolicy{}) {
    return fail(Code::usage, fmt::format("'{}' keeps nothing: '{}'", what, printable(text)),
                "for example last=7,daily=14,weekly=8,monthly=12");
  }
  return out;
}

std::string print_policy(const RetentionPolicy& policy) {
  std::vector<std::string> out;
  for (const Rule& rule : k_rules) {
    if (policy.*rule.count > 0) {
      out.push_back(fmt::format("{}={}", rule.name, policy.*rule.count));
    }
  }
  if (policy.within.seconds > 0) {
    out.push_back(fmt::format("{}={}", k_within, print_duration(policy.within)));
  }
  return join(out, ",");
}

std::vector<Verdict> apply_policy(const RetentionPolicy& policy, std::vector<RetentionSet> sets,
                                  Time now) {
  std::ranges::stable_sort(sets, [](const RetentionSet& a, const RetentionSet& b) {
    return std::tie(a.sequence, a.id) > std::tie(b.sequence, b.id);
  });
  std::map<std::string, Kept> groups;
  std::vector<Verdict> out;
  out.reserve(sets.size());
  for (const RetentionSet& set : sets) {
    out.push_back(judge(policy, set, groups, now));
  }
  return out;
}

}  // namespace obsctl::backup
