// SPDX-License-Identifier: Apache-2.0
// Reads logs from the engine and counts what signatures know in them.
#include "lib/sources/logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "lib/explain/explain.hpp"

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
  return log_samples(lines, *signatures, now);
}

}  // namespace

Samples log_samples(const std::vector<LogLine>& lines, const catalog::Signatures& signatures,
                    Time now) {
  std::map<Labels, Counted> counted;
  std::map<std::string, Time> last;
  for (const LogLine& line : lines) {
    Explanation explanation = explain(line.text, signatures);
    if (!explanation.matched) {
      continue;
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
