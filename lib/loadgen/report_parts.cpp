// SPDX-License-Identifier: Apache-2.0
// Checks and verdicts as text and tables.
#include "lib/loadgen/report_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/ui/style.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::loadgen {

std::string time_text(double nanoseconds) {
  if (nanoseconds < 1e3) {
    return fmt::format("{:.0f} ns", nanoseconds);
  }
  if (nanoseconds < 1e6) {
    return fmt::format("{:.3g} µs", nanoseconds * 1e-3);
  }
  if (nanoseconds < 1e9) {
    return fmt::format("{:.3g} ms", nanoseconds * 1e-6);
  }
  return fmt::format("{:.3g} s", nanoseconds * 1e-9);
}

std::string percent(double share) {
  return fmt::format("{:.3g} %", share * 100);
}

std::string count_text(double value) {
  std::string digits = fmt::format("{:.0f}", std::abs(value));
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return value < 0 ? "-" + digits : digits;
}
std::string count_text(std::uint64_t value) {
  return count_text(static_cast<double>(value));
}
std::string rate_text(const std::optional<double>& per_second) {
  return per_second ? human_rate({*per_second}) : "too short to tell a rate";
}

namespace {

std::string_view item_word(const LedgerLine& line) {
  return line.signal == "traces" ? "spans" : line.signal == "metrics" ? "points" : "records";
}

}  // namespace

std::string ledger_text(const LedgerReport& ledger, bool color) {
  Table table;
  table.columns = {{"LEDGER"},
                   {"ACKNOWLEDGED", Align::right},
                   {"RECEIVED", Align::right},
                   {"REFUSED", Align::right},
                   {"FILTERED", Align::right},
                   {"NOT EXPORTED", Align::right},
                   {"EXPORTED", Align::right},
                   {"EXPORT FAILED", Align::right},
                   {"MISSING", Align::right},
                   {"VERDICT"}};
  std::string named;
  for (const LedgerLine& line : ledger.lines) {
    if (!line.untold.empty()) {
      table.add({line.signal, count_text(line.acknowledged), "-", "-", "-", "-", "-", "-", "-",
                 "cannot tell"});
      named += fmt::format("  {}: {}\n", line.signal, line.untold);
      continue;
    }
    if (!line.exports_told) {
      named += fmt::format(
          "  {}: no exporter counts them (otelcol_exporter_sent_…), so only their arrival is told\n",
          item_word(line));
    }
    table.add({line.signal, count_text(line.acknowledged), count_text(line.received),
               count_text(line.refused), count_text(line.filtered), count_text(line.held_back),
               count_text(line.exported), count_text(line.export_failed), count_text(line.missing),
               line.accounted ? "accounted for" : "NOT accounted for"});
    for (const auto& [processor, items] : line.filters) {
      named += fmt::format("  {} {} removed by processor '{}'\n", count_text(items),
                           item_word(line), processor);
    }
    if (line.held_back > 0) {
      named +=
          fmt::format("  {} {} not exported: {}\n", count_text(line.held_back), item_word(line),
                      ledger.after.samples && line.signal == "traces"
                          ? "sampled out, or waiting for a sampling decision"
                          : "in memory or in a queue when the wait ended");
    }
  }
  std::string out = render_text(table, color);
  out += named;
  if (ledger.stood_still()) {
    out += fmt::format(
        "  none of its counters moved: '{}' does not count this load; is it the collector behind "
        "the endpoint?\n",
        ledger.url);
  }
  if (ledger.rss_bytes > 0) {
    out += fmt::format("  collector: {:.3g} s CPU ({:.3g} ms per 1,000 items), {} resident\n",
                       ledger.cpu_seconds, ledger.cpu_ms_per_1k, human_bytes({ledger.rss_bytes}));
  }
  return out + fmt::format("  settled after {:.1f} s, queue size {}\n", ledger.waited,
                           count_text(ledger.queued));
}

std::string sampling_text(const SamplingReport& s, bool color) {
  std::string out = fmt::format(
      "Tail sampling   {} traces: {} with errors and {} of {} or longer are all kept, {} of the "
      "other {}\n",
      count_text(s.traces), count_text(s.errors), count_text(s.slow),
      human_duration({s.policy.slow_threshold}), percent(s.policy.keep), count_text(s.rest));
  if (s.noise > 0) {
    out += fmt::format("                {} health checks are dropped\n", count_text(s.noise));
  }
  if (s.below > 0) {
    out += fmt::format(
        "                {} of all are kept because no more than {} spans arrived per second\n",
        percent(s.below), human_rate({s.policy.keep_all_below}));
  }
  if (s.has_vip) {
    out += fmt::format("                {} VIP traces among the other are kept too\n",
                       count_text(s.vip_rest));
  }
  out += fmt::format("                expected to be kept: {} ± {:.0f}, a reduction by {}\n",
                     count_text(s.expected), s.deviation, percent(s.reduction()));
  if (s.unsure > 0) {
    out += fmt::format(
        "                {} spans were rejected, retried or unanswered; as many traces may "
        "differ\n",
        count_text(s.unsure));
  }
  if (!s.checked) {
    return out;
  }
  if (s.collector) {
    out += fmt::format("                the collector decided {} traces\n", count_text(s.decided));
  }
  out += fmt::format("                {} {}: {}\n",
                     s.at_sink ? "the sink received" : "the collector kept", count_text(s.kept),
                     s.holds ? "as expected" : "NOT as expected");
  if (s.collector) {
    Table table;
    table.columns = {
        {"POLICY"}, {"EXPECTED", Align::right}, {"±", Align::right}, {"KEPT", Align::right}, {""}};
    for (const PolicyCount& row : s.policies) {
      if (row.checked) {
        table.add({row.name, count_text(row.expected), fmt::format("{:.0f}", row.deviation),
                   count_text(row.kept), row.holds ? "as expected" : "NOT as expected"});
      }
    }
    out += table.rows.empty() ? "" : render_text(table, color);
  }
  return out;
}

namespace {

std::string duplicates_text(const SinkSnapshot::Items& seen) {
  if (seen.untold() == seen.items) {
    return "duplicates: cannot tell, the items have no identity";
  }
  return seen.untold() == 0
             ? fmt::format("{} duplicates", count_text(seen.duplicates))
             : fmt::format("{} duplicates among the {} that can be told apart",
                           count_text(seen.duplicates), count_text(seen.items - seen.untold()));
}

}  // namespace

std::string sink_text(const SinkReport& sink) {
  std::vector<std::string> parts;
  if (sink.tells_traces()) {
    parts.push_back(count_text(sink.seen.traces) + " distinct traces");
  }
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const auto& seen = sink.seen.signals[i];
    if (seen.items > 0) {
      parts.push_back(fmt::format("{} {}, {}", count_text(seen.items),
                                  otlp::item_name(static_cast<otlp::Signal>(i)),
                                  duplicates_text(seen)));
    }
  }
  std::string out =
      fmt::format("Sink            {}\n", parts.empty() ? "no items" : join(parts, "; "));
  for (const std::string& finding : sink.findings) {
    out += fmt::format("                NOT as sent: {}\n", finding);
  }
  return out;
}

namespace {

std::string verdict_of(const Search& search) {
  if (search.highest <= 0) {
    const auto lowest = std::ranges::min_element(search.trials, {}, &Trial::asked);
    return lowest == search.trials.end() ? "No rate was tried to its end"
                                         : fmt::format("No rate meets the objective, not even {}",
                                                       human_rate({lowest->asked}));
  }
  const std::string how = fmt::format("met in {} of {} trials", search.met, search.tried);
  return search.confirmed()
             ? fmt::format("Highest rate that meets the objective: {:.4g} items/s, confirmed ({})",
                           search.highest, how)
             : fmt::format("Best unconfirmed rate: {:.4g} items/s ({})", search.highest, how);
}

}  // namespace

std::string search_text(const Search& search, bool color) {
  Table table;
  table.columns = {{"TRIAL", Align::right}, {"ASKED", Align::right},  {"ACCEPTED", Align::right},
                   {"P99", Align::right},   {"ERRORS", Align::right}, {"OBJECTIVE"}};
  for (std::size_t i = 0; i < search.trials.size(); ++i) {
    const Trial& t = search.trials[i];
    table.add({fmt::format("{}", i + 1), human_rate({t.asked}), human_rate({t.achieved}),
               time_text(t.p99 * 1e9), percent(t.errors),
               t.held ? "met" : fmt::format("missed: {}", t.note)});
  }
  std::string out = render_text(table, color);
  out += verdict_of(search) + "\n";
  if (!search.ended_by.empty()) {
    out += fmt::format("The search ended early: {}\n", search.ended_by);
  }
  if (search.generator_bound) {
    out += "The generator was the limit, not the target: use more workers or more machines\n";
  }
  return out;
}

namespace {

// The documented load in words.
std::string demands(const TierVerdict& c) {
  std::vector<std::string> parts;
  if (c.spans > 0) {
    parts.push_back(fmt::format("{:.0f} spans/s", c.spans));
  }
  if (c.points > 0) {
    parts.push_back(fmt::format("{} series every {} ({:.0f} points/s)", human_count(c.series),
                                human_duration({c.interval}), c.points));
  }
  if (c.records > 0) {
    parts.push_back(fmt::format("{:.0f} records/s", c.records));
  }
  return join(parts, ", ");
}

}  // namespace

std::string environment_line(const Report& report) {
  std::vector<std::string> parts;
  for (const auto& [setting, variable] : report.environment) {
    parts.push_back(fmt::format("{} from {}", setting, variable));
  }
  return parts.empty() ? "" : fmt::format("Environment     {}\n", join(parts, ", "));
}

std::string measured_text(const Report& report) {
  std::string out;
  for (const auto& [name, value] : report.measured) {
    out += fmt::format("{}{} {:.6g}", out.empty() ? "Measured        " : ", ", name, value);
  }
  return out.empty() ? out : out + "\n";
}

std::string verdict_lines(const Report& report, bool color) {
  std::string out;
  for (const Verdict& verdict : report.verdicts) {
    const std::string word =
        verdict.met ? style(Style::green, "met   ", color) : style(Style::red, "MISSED", color);
    out += fmt::format("{}  {} (measured {})\n", word, verdict.text, verdict.actual);
  }
  if (report.tier) {
    const TierVerdict& c = *report.tier;
    out += fmt::format(
        "{}  tier {}: {}{}\n",
        c.held ? style(Style::green, "HELD  ", color) : style(Style::red, "FAILED", color), c.tier,
        demands(c), c.held ? "" : " (" + c.reason + ")");
  }
  return out;
}

std::vector<Verdict> all_checks(const Report& report) {
  std::vector<Verdict> out = report.verdicts;
  if (report.failure) {
    out.insert(out.begin(), {"the run could be carried out",
                             fmt::format("a failure: {}", report.failure->message)});
  }
  if (report.ledger) {
    for (const LedgerLine& line : report.ledger->lines) {
      if (!line.untold.empty()) {
        continue;
      }
      out.push_back({fmt::format("ledger: every item of {} is accounted for", line.signal),
                     fmt::format("{} missing, {} failed to export", count_text(line.missing),
                                 count_text(line.export_failed)),
                     line.accounted});
    }
  }
  if (report.sampling && report.sampling->checked) {
    out.push_back({"tail sampling keeps the expected number of traces",
                   fmt::format("kept {}, expected {}", count_text(report.sampling->kept),
                               count_text(report.sampling->expected)),
                   report.sampling->holds});
  }
  if (report.sink) {
    out.push_back({"the sink has what can have been sent, and nothing twice",
                   report.sink->holds() ? "nothing" : join(report.sink->findings, ", "),
                   report.sink->holds()});
  }
  if (report.search) {
    out.push_back(
        {"a rate meets the objective", verdict_of(*report.search), report.search->confirmed()});
  }
  if (report.tier) {
    out.push_back({fmt::format("tier {} carries its documented load", report.tier->tier),
                   rate_text(report.accepted_rate()), report.tier->held});
  }
  return out;
}

}  // namespace obsctl::loadgen
