// Reports for people: a terminal, a pull request, a CI system.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/loadgen/report.hpp"
#include "lib/ui/style.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::loadgen {
namespace {

struct Percentile {
  const char* name;
  double share;
};
constexpr Percentile k_percentiles[] = {{"p50", 0.5},     {"p90", 0.9},       {"p99", 0.99},
                                        {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}};

// Times down to microseconds; human_duration() stops at milliseconds.
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
  // Whole numbers with thousands separators: losses are about single items.
  std::string digits = fmt::format("{:.0f}", std::abs(value));
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return value < 0 ? "-" + digits : digits;
}
std::string count_text(std::uint64_t value) {
  return count_text(static_cast<double>(value));
}

Table signal_table(const RunResult& result) {
  Table out;
  out.columns = {{"SIGNAL"},
                 {"SENT", Align::right},
                 {"ACCEPTED", Align::right},
                 {"REJECTED", Align::right},
                 {"REFUSED", Align::right},
                 {"FAILED", Align::right},
                 {"UNKNOWN", Align::right},
                 {"UNSENT", Align::right},
                 {"RETRIED", Align::right},
                 {"BYTES/ITEM", Align::right},
                 {"ON WIRE", Align::right}};
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const SignalTally& t = result.signals[i];
    if (t.sent == 0 && t.unsent == 0) {
      continue;
    }
    const double per_item =
        t.sent == 0 ? 0 : static_cast<double>(t.body_bytes) / static_cast<double>(t.sent);
    out.add({fmt::format("{}", otlp::item_name(static_cast<otlp::Signal>(i))), count_text(t.sent),
             count_text(t.accepted), count_text(t.rejected), count_text(t.refused),
             count_text(t.failed), count_text(t.unknown), count_text(t.unsent),
             count_text(t.retried), fmt::format("{:.1f}", per_item),
             human_bytes({static_cast<double>(t.wire_out)})});
  }
  return out;
}

Table latency_table(const RunResult& result) {
  Table out;
  out.columns = {{"TIME"}};
  for (const Percentile& p : k_percentiles) {
    out.columns.push_back({lower(p.name), Align::right});
  }
  const auto add = [&out](const char* name, const Histogram& histogram) {
    std::vector<std::string> row = {name};
    for (const Percentile& p : k_percentiles) {
      row.push_back(time_text(static_cast<double>(histogram.percentile(p.share))));
    }
    out.add(std::move(row));
  };
  add("latency, from the intended send time", result.latency);
  add("service time, from the actual send time", result.service);
  add("schedule lateness", result.lateness);
  return out;
}

// Ten rows at most, one per doubling of the latency.
std::string histogram_text(const Histogram& histogram, bool color) {
  if (histogram.count() == 0) {
    return "";
  }
  struct Row {
    std::int64_t from;
    std::uint64_t count;
  };
  std::vector<Row> rows;
  std::int64_t from = 1;
  while (from * 2 <= std::max<std::int64_t>(histogram.min(), 1)) {
    from *= 2;
  }
  for (; from <= histogram.max(); from *= 2) {
    rows.push_back({from, histogram.between(from == 1 ? 0 : from, from * 2)});
  }
  // Long tails are folded into the first rows' neighbour: the last row takes the rest.
  while (rows.size() > 12) {
    rows[rows.size() - 2].count += rows.back().count;
    rows.pop_back();
  }
  const auto most = std::ranges::max(rows, {}, &Row::count).count;
  std::string out;
  for (const Row& row : rows) {
    const auto width = static_cast<std::size_t>(
        std::ceil(40.0 * static_cast<double>(row.count) / static_cast<double>(most)));
    std::string bar;
    for (std::size_t i = 0; i < width; ++i) {
      bar += "█";
    }
    const std::string label = time_text(static_cast<double>(row.from));
    const std::size_t pad = display_width(label) < 9 ? 9 - display_width(label) : 0;
    out += fmt::format("  ≥ {}{} {:>10} {}\n", std::string(pad, ' '), label, count_text(row.count),
                       style(Style::dim, bar, color));
  }
  return out;
}

std::string_view item_word(const LedgerLine& line) {
  return line.signal == "traces" ? "spans" : line.signal == "metrics" ? "points" : "records";
}

std::string ledger_text(const LedgerReport& ledger, bool color) {
  Table table;
  table.columns = {{"LEDGER"},
                   {"ACKNOWLEDGED", Align::right},
                   {"RECEIVED", Align::right},
                   {"REFUSED", Align::right},
                   {"FILTERED", Align::right},
                   {"HELD BACK", Align::right},
                   {"EXPORTED", Align::right},
                   {"EXPORT FAILED", Align::right},
                   {"MISSING", Align::right},
                   {"VERDICT"}};
  std::string named;
  for (const LedgerLine& line : ledger.lines) {
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
                          ? "sampled away, or waiting for a decision"
                          : "in memory or in a queue when the wait ended");
    }
  }
  std::string out = render_text(table, color);
  out += named;
  out += fmt::format(
      "  collector: {:.3g} s CPU ({:.3g} ms per 1,000 items), {} resident; settled after {:.1f} s, "
      "queue size {}\n",
      ledger.cpu_seconds, ledger.cpu_ms_per_1k, human_bytes({ledger.rss_bytes}), ledger.waited,
      count_text(ledger.queued));
  return out;
}

std::string sampling_text(const SamplingReport& s) {
  std::string out = fmt::format(
      "Tail sampling   {} traces: {} with errors and {} of {} or longer are all kept, {} of the "
      "other {}\n",
      count_text(s.traces), count_text(s.errors), count_text(s.slow),
      human_duration({s.policy.slow_threshold}), percent(s.policy.keep), count_text(s.rest));
  if (s.noise > 0) {
    out +=
        fmt::format("                {} health checks are filtered before\n", count_text(s.noise));
  }
  out += fmt::format("                expected {} ± {:.0f} kept, {} less\n", count_text(s.expected),
                     s.deviation, percent(s.reduction()));
  if (s.checked) {
    out += fmt::format("                the collector decided {} and kept {}: {}\n",
                       count_text(s.decided), count_text(s.kept),
                       s.holds ? "as expected" : "NOT as expected");
  }
  return out;
}

std::string sink_text(const SinkReport& sink) {
  std::string out = fmt::format("Sink            {} distinct traces", count_text(sink.seen.traces));
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    const auto& seen = sink.seen.signals[i];
    if (seen.items > 0) {
      out +=
          fmt::format("; {} {}, {} of them twice", count_text(seen.items),
                      otlp::item_name(static_cast<otlp::Signal>(i)), count_text(seen.duplicates));
    }
  }
  return out + "\n";
}

std::string search_text(const Search& search, bool color) {
  Table table;
  table.columns = {{"TRIAL", Align::right}, {"ASKED", Align::right},  {"ACCEPTED", Align::right},
                   {"P99", Align::right},   {"ERRORS", Align::right}, {"OBJECTIVE"}};
  for (std::size_t i = 0; i < search.trials.size(); ++i) {
    const Trial& t = search.trials[i];
    table.add({fmt::format("{}", i + 1), human_rate({t.asked}), human_rate({t.achieved}),
               time_text(t.p99 * 1e9), percent(t.errors),
               t.held ? "held" : fmt::format("missed: {}", t.note)});
  }
  std::string out = render_text(table, color);
  out += search.highest > 0
             ? fmt::format("Highest rate that holds the objective: {:.0f} items/s, confirmed\n",
                           search.highest)
             : std::string("No rate holds the objective\n");
  if (search.generator_bound) {
    out += "The generator was the limit, not the target: use more --workers or more machines\n";
  }
  return out;
}

std::string verdict_lines(const Report& report, bool color) {
  std::string out;
  for (const Verdict& verdict : report.verdicts) {
    const std::string word =
        verdict.met ? style(Style::green, "met   ", color) : style(Style::red, "MISSED", color);
    out += fmt::format("{}  {} (measured {})\n", word, verdict.text, verdict.actual);
  }
  if (report.certificate) {
    const Certificate& c = *report.certificate;
    out += fmt::format(
        "{}  tier {}: {:.0f} spans/s, {:.0f} points/s and {:.0f} records/s\n",
        c.held ? style(Style::green, "HELD  ", color) : style(Style::red, "FAILED", color), c.tier,
        c.spans, c.points, c.records);
  }
  return out;
}

std::string rate_lines(const Report& report) {
  const RunResult& result = report.result;
  const SignalTally sum = result.total();
  std::string out =
      fmt::format("Rate            {:.1f} {}/s sent", report.sent_rate(), report.unit);
  if (report.asked_rate > 0 && report.expected > 0) {
    out += fmt::format(", {:.0f} of {:.0f} asked for ({:.3g} % off)",
                       static_cast<double>(report.unit == "requests" ? sum.requests : sum.sent),
                       report.expected, report.rate_error() * 100);
  }
  out += fmt::format("; {:.1f} items/s accepted\n", report.accepted_rate());
  if (result.late_by_target + result.late_by_generator + sum.requests_unsent > 0) {
    out += fmt::format(
        "Late            {} requests because every stream was busy, {} because of the "
        "generator; {} never sent\n",
        count_text(result.late_by_target), count_text(result.late_by_generator),
        count_text(sum.requests_unsent));
  }
  if (result.generator_bound()) {
    out += "                GENERATOR-BOUND: the generator, not the target, limited this run\n";
  }
  if (sum.maybe_twice > 0) {
    out += fmt::format(
        "Duplicates      up to {} items may have arrived twice (no answer, sent again)\n",
        count_text(sum.maybe_twice));
  }
  const double per_cpu =
      result.cpu_seconds > 0 ? static_cast<double>(sum.sent) / result.cpu_seconds : 0;
  out += fmt::format("Generator       {:.2f} s CPU, {} items per CPU second, {} resident\n",
                     result.cpu_seconds, human_count(per_cpu), human_bytes({result.rss_bytes}));
  return out;
}

std::string head_lines(const Report& report) {
  std::string out = fmt::format("Load            {} (seed {}, payload {}) to {} over {}{}\n",
                                report.scenario, report.seed, report.fingerprint.substr(0, 12),
                                join(report.endpoints, ", "), report.protocol,
                                report.compression == "none" ? "" : " with " + report.compression);
  out += fmt::format(
      "Time            {:.1f} s{}{}\n", report.run_seconds(),
      report.warmup > 0 ? fmt::format(", {:.0f} s warm-up not measured", report.warmup) : "",
      report.result.interrupted ? ", INTERRUPTED" : "");
  return out;
}

std::string xml_escaped(std::string text) {
  text = replace_all(std::move(text), "&", "&amp;");
  text = replace_all(std::move(text), "<", "&lt;");
  text = replace_all(std::move(text), ">", "&gt;");
  return replace_all(std::move(text), "\"", "&quot;");
}

// Every judgement of a report under one name.
std::vector<Verdict> all_checks(const Report& report) {
  std::vector<Verdict> out = report.verdicts;
  if (report.ledger) {
    for (const LedgerLine& line : report.ledger->lines) {
      out.push_back({fmt::format("ledger: every item of {} is accounted for", line.signal),
                     fmt::format("{} missing, {} failed to export", count_text(line.missing),
                                 count_text(line.export_failed)),
                     line.accounted});
    }
  }
  if (report.sampling && report.sampling->checked) {
    out.push_back({"tail sampling keeps what the policies promise",
                   fmt::format("kept {}, expected {}", count_text(report.sampling->kept),
                               count_text(report.sampling->expected)),
                   report.sampling->holds});
  }
  if (report.search) {
    out.push_back({"a rate holds the objective", human_rate({report.search->highest}),
                   report.search->highest > 0});
  }
  if (report.certificate) {
    out.push_back({fmt::format("tier {} holds its rate", report.certificate->tier),
                   human_rate({report.accepted_rate()}), report.certificate->held});
  }
  return out;
}

}  // namespace

std::string report_text(const Report& report, bool color) {
  const RunResult& result = report.result;
  std::string out = head_lines(report) + rate_lines(report);
  out += "\n" + render_text(signal_table(result), color);
  out += "\n" + render_text(latency_table(result), color);
  out += "\n" + histogram_text(result.latency, color);
  if (!result.causes.empty()) {
    out += "\nNot accepted at once:\n";
    for (const auto& [cause, count] : result.causes) {
      out += fmt::format("  {:>8} × {}\n", count_text(count),
                         cause.empty() ? "no reason given" : cause);
    }
  }
  if (report.ledger) {
    out += "\n" + ledger_text(*report.ledger, color);
  }
  if (report.sampling) {
    out += "\n" + sampling_text(*report.sampling);
  }
  if (report.sink) {
    out += "\n" + sink_text(*report.sink);
  }
  if (report.search) {
    out += "\n" + search_text(*report.search, color);
  }
  const std::string verdicts = verdict_lines(report, color);
  return verdicts.empty() ? out : out + "\n" + verdicts;
}

std::string report_markdown(const Report& report) {
  std::string out = fmt::format("## Load test: {} — {}\n\n", report.scenario,
                                report.passed() ? "passed" : "not passed");
  out += "```\n" + head_lines(report) + rate_lines(report) + "```\n\n";
  const auto checks = all_checks(report);
  if (!checks.empty()) {
    Table table;
    table.columns = {{"Check"}, {"Measured"}, {"Verdict"}};
    for (const Verdict& check : checks) {
      table.add(
          {replace_all(check.text, "<", "&lt;"), check.actual, check.met ? "met" : "**missed**"});
    }
    out += render_markdown(table) + "\n";
  }
  out += render_markdown(signal_table(report.result)) + "\n";
  out += render_markdown(latency_table(report.result));
  if (report.search) {
    out += "\n```\n" + search_text(*report.search, false) + "```\n";
  }
  if (report.ledger) {
    out += "\n```\n" + ledger_text(*report.ledger, false) + "```\n";
  }
  if (report.sampling) {
    out += "\n```\n" + sampling_text(*report.sampling) + "```\n";
  }
  return out;
}

std::string report_junit(const Report& report) {
  std::vector<Verdict> checks = all_checks(report);
  if (checks.empty()) {
    checks.push_back({"load was sent",
                      fmt::format("{} items accepted", report.result.total().accepted),
                      report.result.total().accepted > 0});
  }
  const auto failures = std::ranges::count_if(checks, [](const Verdict& v) { return !v.met; });
  const std::string suite = fmt::format("obsctl loadgen {}", report.scenario);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" time=\"{:.3f}\">\n",
                     xml_escaped(suite), checks.size(), failures, report.run_seconds());
  for (const Verdict& check : checks) {
    out += fmt::format("  <testcase classname=\"{}\" name=\"{}\"", xml_escaped(suite),
                       xml_escaped(check.text));
    out += check.met ? "/>\n"
                     : fmt::format(">\n    <failure message=\"measured {}\"/>\n  </testcase>\n",
                                   xml_escaped(check.actual));
  }
  return out + "</testsuite>\n";
}

std::string compare_reports(const Report& a, const Report& b, const std::string& name_a,
                            const std::string& name_b, bool color) {
  Table table;
  table.columns = {
      {"MEASURE"}, {name_a, Align::right}, {name_b, Align::right}, {"CHANGE", Align::right}};
  const auto add = [&table](const std::string& name, double x, double y, auto text) {
    const std::string change =
        x == 0 ? (y == 0 ? "0 %" : "new") : fmt::format("{:+.1f} %", (y / x - 1) * 100);
    table.add({name, text(x), text(y), change});
  };
  const auto number = [](double value) { return human_number(value); };
  add("sent rate", a.sent_rate(), b.sent_rate(), number);
  add("accepted items/s", a.accepted_rate(), b.accepted_rate(), number);
  add("errors", a.error_share(), b.error_share(), percent);
  for (const Percentile& p : k_percentiles) {
    add(fmt::format("latency {}", p.name),
        static_cast<double>(a.result.latency.percentile(p.share)),
        static_cast<double>(b.result.latency.percentile(p.share)), time_text);
  }
  for (const Percentile& p : k_percentiles) {
    add(fmt::format("service time {}", p.name),
        static_cast<double>(a.result.service.percentile(p.share)),
        static_cast<double>(b.result.service.percentile(p.share)), time_text);
  }
  const auto per_cpu = [](const Report& r) {
    return r.result.cpu_seconds > 0
               ? static_cast<double>(r.result.total().sent) / r.result.cpu_seconds
               : 0;
  };
  add("items per generator CPU second", per_cpu(a), per_cpu(b), number);
  const auto wire = [](const Report& r) {
    const SignalTally sum = r.result.total();
    return sum.sent == 0 ? 0 : static_cast<double>(sum.wire_out) / static_cast<double>(sum.sent);
  };
  add("wire bytes per item", wire(a), wire(b), number);
  std::string out = render_text(table, color);
  if (a.fingerprint != b.fingerprint) {
    out += "The payloads differ (fingerprints " + a.fingerprint.substr(0, 12) + " and " +
           b.fingerprint.substr(0, 12) + "): the comparison is between different loads\n";
  }
  return out;
}

}  // namespace obsctl::loadgen
