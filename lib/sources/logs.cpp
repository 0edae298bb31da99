// SPDX-License-Identifier: Apache-2.0
// Reads logs from the engine and counts what signatures know in them.
#include "lib/sources/logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>

#include "lib/explain/explain.hpp"
#include "lib/sources/log_queries.hpp"
#include "lib/sources/log_reasons.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_most_labels = 3;
constexpr std::size_t k_longest_value = 80;
// A log may name a new thing in each line; its first ones are enough to act on.
constexpr std::size_t k_most_series = 64;
// From so many lines on, one that is harmless once counts as repeated.
constexpr std::size_t k_repeated = 3;

struct Counted {
  Explanation first;
  std::size_t lines = 0;
  Time last;
};

Labels kept_captures(const catalog::Signature* row, const catalog::Captures& captures) {
  Labels out;
  if (row == nullptr) {
    return out;
  }
  for (const auto& name : row->by) {
    const auto found = captures.find(name);
    if (found != captures.end() && found->second.size() <= k_longest_value &&
        out.size() < k_most_labels) {
      out.insert(*found);
    }
  }
  return out;
}

// What tells one series from another.
Labels labels_of(const Explanation& line, const catalog::Signatures& signatures) {
  Labels out = kept_captures(signatures.find(line.id), line.captures);
  out["signature"] = line.id;
  out["class"] = name_of(line.kind);
  out["check"] = line.check;
  return out;
}

double seconds_since(Time last, Time now) {
  return std::max(0.0, std::chrono::duration<double>(now - last).count());
}

// Of a line that says that data was dropped: who dropped it, and why. Nothing for other lines.
std::optional<std::pair<Labels, std::string>> refusal_in(const LogLine& line,
                                                         const Explanation& explanation) {
  const auto exporter = explanation.captures.find("exporter");
  if (explanation.kind != catalog::SignatureClass::loss || exporter == explanation.captures.end()) {
    return std::nullopt;
  }
  const auto error = error_in(line.text);
  if (!error) {
    return std::nullopt;
  }
  Labels who = {*exporter};
  if (const auto signal = explanation.captures.find("signal");
      signal != explanation.captures.end()) {
    who.insert(*signal);
  }
  return std::pair(std::move(who), reason_of_error(*error));
}

Result<Samples> read_log(const Context& context, const Result<catalog::Signatures>& signatures,
                         const std::string& component) {
  constexpr auto k_window = std::chrono::minutes(15);
  OBS_TRY(signatures);
  const auto& containers = context.engine->containers();
  if (!containers) {
    return Failure(containers.error());
  }
  const auto found = std::ranges::find(*containers, component, &ComposeContainer::service);
  if (found == containers->end()) {
    return Samples{};
  }
  const Services& services = context.services;
  const Time now = services.clock.now();
  OBS_TRY_ASSIGN(const auto lines,
                 container_log(services.http, services.environment, found->id,
                               {.since = now - k_window, .timeout = context.options.timeout}));
  Samples out = log_samples(lines, *signatures, now);
  std::map<std::string, std::string> by_address;
  for (const ComposeContainer& one : *containers) {
    by_address.emplace(one.address, one.service);
  }
  std::ranges::move(query_samples(lines, by_address), std::back_inserter(out));
  std::ranges::move(dashboard_samples(lines), std::back_inserter(out));
  return out;
}

}  // namespace

Samples log_samples(const std::vector<LogLine>& lines, const catalog::Signatures& signatures,
                    Time now) {
  std::map<Labels, Counted> counted;
  std::map<std::string, Time> last;
  std::map<Labels, std::string> refusals;  // the last of each
  for (const LogLine& line : lines) {
    Explanation explanation = explain(line.text, signatures);
    if (!explanation.matched) {
      continue;
    }
    if (auto refusal = refusal_in(line, explanation);
        refusal && (refusals.size() < k_most_series || refusals.contains(refusal->first))) {
      refusals[refusal->first] = std::move(refusal->second);
    }
    Labels labels = labels_of(explanation, signatures);
    if (counted.size() >= k_most_series && !counted.contains(labels)) {
      continue;
    }
    last[explanation.id] = std::max(last[explanation.id], line.at);
    Counted& one = counted[std::move(labels)];
    one.first = one.lines == 0 ? std::move(explanation) : std::move(one.first);
    one.lines += 1;
  }
  Samples out;
  out.push_back({.name = "log_lines", .value = static_cast<double>(lines.size())});
  for (const auto& [labels, one] : counted) {
    Labels all = labels;
    all["severity"] =
        name_of(one.lines < k_repeated ? one.first.severity
                                       : one.first.repeated.value_or(one.first.severity));
    out.push_back({.name = "log_signature",
                   .labels = std::move(all),
                   .value = static_cast<double>(one.lines)});
  }
  for (const auto& [signature, time] : last) {
    if (time != Time{}) {
      out.push_back({.name = "log_signature_last_seconds",
                     .labels = {{"signature", signature}},
                     .value = seconds_since(time, now)});
    }
  }
  for (const auto& [who, reason] : refusals) {
    Labels all = who;
    all["reason"] = reason;
    out.push_back({.name = "exporter_refusal", .labels = std::move(all), .value = 1});
  }
  return out;
}

std::vector<Inquiry> log_inquiries(const Context& context) {
  std::vector<Inquiry> out;
  if (!context.engine) {
    return out;
  }
  const auto signatures = std::make_shared<const Result<catalog::Signatures>>(
      read_signatures(context.subject.stack.templates.store));
  for (const Component& component : context.components()) {
    out.push_back({.component = component.name,
                   .source = Source::logs,
                   .from = fmt::format("log of {}", component.title),
                   .read = [context, signatures, name = component.name] {
                     return read_log(context, *signatures, name);
                   }});
  }
  return out;
}

}  // namespace obsctl::health
