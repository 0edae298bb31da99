// SPDX-License-Identifier: Apache-2.0
// Reports for people: a terminal, a pull request, a CI system.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/loadgen/report_parts.hpp"
#include "lib/ui/style.hpp"
#include "lib/ui/table.hpp"
#include "lib/ui/xml.hpp"

namespace obsctl::loadgen {
namespace {

struct Percentile {
  const char* name;
  double share;
};
constexpr Percentile k_percentiles[] = {{"p50", 0.5},     {"p90", 0.9},       {"p99", 0.99},
                                        {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}};

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
  for (; from <= std::max<std::int64_t>(histogram.max(), 1); from *= 2) {
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

std::string rate_lines(const Report& report) {
  const RunResult& result = report.result;
  const SignalTally sum = result.total();
  std::string out = "Rate            ";
  out += report.sent_rate()
             ? fmt::format("{:.1f} {}/s sent", *report.sent_rate(), name_of(report.unit))
             : "too short to tell";
  if (report.asked_rate > 0 && report.expected > 0) {
    out += fmt::format(", {:.0f} of {}{:.0f} requested",
                       static_cast<double>(report.unit == Unit::requests ? sum.requests : sum.sent),
                       report.shards > 1 ? "about " : "", report.expected);
    // A shard's part is only about its share: requests are not split.
    out += result.interrupted  ? " when it was interrupted"
           : report.shards > 1 ? ""
                               : fmt::format(" ({:.3g} % off)", report.rate_error() * 100);
  }
  out += report.accepted_rate()
             ? fmt::format("; {:.1f} items/s accepted\n", *report.accepted_rate())
             : "\n";
  if (result.stalled_seconds > 0) {
    out += fmt::format(
        "Stalled         {:.1f} s in which the generator did not run: it was stopped or got no "
        "processor;\n                the times of {} requests are not measured\n",
        result.stalled_seconds, count_text(result.stalled_requests));
  }
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

std::string texts_of(const std::map<std::string, std::uint64_t>& counts) {
  std::string out;
  for (const auto& [text, count] : counts) {
    out +=
        fmt::format("  {:>8} × {}\n", count_text(count), text.empty() ? "no reason given" : text);
  }
  return out;
}

std::string head_lines(const Report& report) {
  std::string out = fmt::format(
      "Load            {} (seed {}, payload {}{}) to {} over {}{}\n", report.scenario, report.seed,
      report.fingerprint.substr(0, 12),
      report.shards > 1 ? fmt::format(", shard {}/{}", report.shard, report.shards) : "",
      join(report.endpoints, ", "), report.protocol,
      report.compression == "none" ? "" : " with " + report.compression);
  out += environment_line(report);
  out += fmt::format(
      "Time            {:.1f} s{}{}\n", report.run_seconds(),
      report.warmup > 0 ? fmt::format(", {:.0f} s warm-up not measured", report.warmup) : "",
      report.result.interrupted ? ", INTERRUPTED" : "");
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
    out += "\nFailed attempts:\n" + texts_of(result.causes);
  }
  if (!result.warnings.empty()) {
    out += "\nAccepted with a warning:\n" + texts_of(result.warnings);
  }
  if (report.ledger) {
    out += "\n" + ledger_text(*report.ledger, color);
  }
  if (report.sampling) {
    out += "\n" + sampling_text(*report.sampling, color);
  }
  if (report.sink) {
    out += "\n" + sink_text(*report.sink);
  }
  if (report.search) {
    out += "\n" + search_text(*report.search, color);
  }
  if (!report.measured.empty()) {
    out += "\n" + measured_text(report);
  }
  const std::string verdicts = verdict_lines(report, color);
  return verdicts.empty() ? out : out + "\n" + verdicts;
}

std::string print_report(const Report& report, Format format, bool color) {
  switch (format) {
    case Format::json: return report_json(report);
    case Format::markdown: return report_markdown(report);
    case Format::junit: return report_junit(report);
    case Format::text: break;
  }
  return report_text(report, color);
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
    out += "\n```\n" + sampling_text(*report.sampling, false) + "```\n";
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
  const auto add_rate = [&](const std::string& name, const std::optional<double>& x,
                            const std::optional<double>& y) {
    if (x && y) {
      add(name, *x, *y, number);
    } else {
      const auto text = [&](const auto& rate) { return rate ? number(*rate) : "too short"; };
      table.add({name, text(x), text(y), "cannot tell"});
    }
  };
  add_rate("sent rate", a.sent_rate(), b.sent_rate());
  add_rate("accepted items/s", a.accepted_rate(), b.accepted_rate());
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
