// SPDX-License-Identifier: Apache-2.0
// Holds the counters of the stores against the lines of the collectors, row by row of ledger.yaml.
#include "lib/checks/ledger_stores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"

namespace obsctl::health {
namespace {

using Amounts = std::map<std::string, double>;
using catalog::Discard;

// What several rows count that differ in nothing but their reasons.
struct Group {
  std::string component;
  std::string told;
  bool rest_kept = false;
  Amounts amounts = {};  // items per second, by reason

  [[nodiscard]] double total() const {
    double out = 0;
    for (const auto& [reason, rate] : amounts) {
      out += rate;
    }
    return out;
  }
};

std::string label_of(const Sample& sample, const std::string& label) {
  const auto found = sample.labels.find(label);
  return found == sample.labels.end() ? "" : found->second;
}

// The row of a sample: the first that names its value, or that names none.
const Discard* row_of(const Sample& sample, const std::string& component,
                      const std::vector<Discard>& rows) {
  const auto found = std::ranges::find_if(rows, [&](const Discard& row) {
    return row.component == component && row.metric == sample.name &&
           (row.values.empty() ||
            std::ranges::find(row.values, label_of(sample, row.by)) != row.values.end());
  });
  return found == rows.end() ? nullptr : &*found;
}

// Both pages are read at the same two moments but for milliseconds, so that the items of a burst stay
// a whole number when they are spread over the same time.
double seconds_of(const Reading& reading, const LedgerLine& line) {
  constexpr double k_same = 0.1;
  return std::abs(reading.seconds - line.seconds) < k_same * line.seconds ? line.seconds
                                                                          : reading.seconds;
}

double growth(const Sample& sample, const Samples& before) {
  const auto was = std::ranges::find_if(before, [&sample](const Sample& one) {
    return one.name == sample.name && one.labels == sample.labels;
  });
  const double then = was == before.end() ? 0 : was->value;
  return sample.value < then ? sample.value : sample.value - then;
}

std::vector<Group> groups_of(const LedgerLine& line, const Evidence& evidence,
                             const std::vector<Discard>& rows) {
  std::vector<Group> out;
  for (const Reading& reading : evidence.readings) {
    if (reading.source != Source::metrics || reading.before.empty() || reading.seconds <= 0) {
      continue;
    }
    for (const Sample& sample : reading.samples) {
      const Discard* row = row_of(sample, reading.component, rows);
      const double items = row == nullptr ? 0 : growth(sample, reading.before);
      if (items <= 0 || catalog::signal_name(row->signal) != line.signal) {
        continue;
      }
      auto group = std::ranges::find_if(out, [row](const Group& one) {
        return one.component == row->component && one.told == row->told &&
               one.rest_kept == row->rest_kept;
      });
      if (group == out.end()) {
        group = out.insert(out.end(), {row->component, row->told, row->rest_kept});
      }
      const std::string reason = row->by.empty() ? row->reason : label_of(sample, row->by);
      group->amounts[reason] += items / seconds_of(reading, line);
    }
  }
  return out;
}

// The reasons of a line that such a refusal may have been given there: a collector that does not say
// why it dropped items may mean any.
std::vector<std::string> told_as(const LedgerLine& line, const std::string& type) {
  std::vector<std::string> out;
  for (const auto& [reason, rate] : line.lost) {
    if (reason.ends_with(": " + type) || reason == "refused or given up") {
      out.push_back(reason);
    }
  }
  return out;
}

void throw_away(LedgerLine& line, const Group& group) {
  for (const auto& [reason, rate] : group.amounts) {
    const double items =
        std::min(rate, line.stored);  // what is not stored here came from elsewhere
    if (items > 0) {
      line.stored -= items;
      line.lost[fmt::format("thrown away by {}: {}", group.component, reason)] += items;
    }
  }
}

// The requests were refused once each, and what else was in them is stored.
void keep_rest(LedgerLine& line, const Group& group, const std::string& reason) {
  const double refused = line.lost.at(reason);
  line.lost.erase(reason);
  for (const auto& [why, rate] : group.amounts) {
    line.lost[fmt::format("{} ({}: {})", reason, group.component, why)] += rate;
  }
  line.stored = std::max(0.0, line.stored + refused - group.total());
}

void name_reasons(LedgerLine& line, const Group& group, const std::string& reason) {
  std::vector<std::string> why;
  for (const auto& [name, rate] : group.amounts) {
    why.push_back(name);
  }
  const double rate = line.lost.at(reason);
  line.lost.erase(reason);
  line.lost[fmt::format("{} ({}: {})", reason, group.component, join(why, ", "))] += rate;
}

void take_in(LedgerLine& line, const Group& group) {
  if (group.told.empty()) {
    throw_away(line, group);
    return;
  }
  const std::vector<std::string> reasons = told_as(line, group.told);
  if (reasons.empty()) {
    // A store that takes a request apart may have said yes to all of it. What waits may be counted
    // again at each attempt.
    if (group.rest_kept && line.waiting <= 0) {
      throw_away(line, group);
    }
    return;
  }
  if (group.rest_kept && reasons.size() == 1 && reasons[0].starts_with("refused for good")) {
    keep_rest(line, group, reasons[0]);
    return;
  }
  for (const std::string& reason : reasons) {
    name_reasons(line, group, reason);
  }
}

}  // namespace

void add_discards(std::vector<LedgerLine>& lines, const Evidence& evidence,
                  const std::vector<Discard>& discards) {
  for (LedgerLine& line : lines) {
    const auto same = std::ranges::count_if(
        lines, [&line](const auto& one) { return one.signal == line.signal; });
    if (same == 1) {
      for (const Group& group : groups_of(line, evidence, discards)) {
        take_in(line, group);
      }
    }
  }
}

}  // namespace obsctl::health
