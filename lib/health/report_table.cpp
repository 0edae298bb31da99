// SPDX-License-Identifier: Apache-2.0
// The tables of a report: the ledger, and what is not well in one line each, for a screen that is
// drawn again and again.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/base/utf8.hpp"
#include "lib/health/report.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_rows = 20;

std::string rate(double value) {
  return human_count(value);
}

double filtered_of(const LedgerLine& line) {
  return line.filtered + line.sampled;
}

Table ledger_table(const std::vector<LedgerLine>& ledger) {
  const bool several = std::ranges::any_of(
      ledger, [&](const LedgerLine& line) { return line.component != ledger[0].component; });
  Table out;
  if (several) {
    out.columns.push_back({"collector"});
  }
  out.columns.push_back({"items per second"});
  for (const auto* title :
       {"accepted", "stored", "waiting", "filtered", "lost", "unknown", "refused"}) {
    out.columns.push_back({title, Align::right});
  }
  for (const LedgerLine& line : ledger) {
    std::vector<std::string> row;
    if (several) {
      row.push_back(printable(line.component));
    }
    row.push_back(printable(line.signal));
    for (const double value : {line.accepted, line.stored, line.waiting, filtered_of(line),
                               line.lost_per_second(), line.unknown, line.refused}) {
      row.push_back(rate(value));
    }
    out.add(std::move(row));
  }
  return out;
}

// "lost traces: 12/s queue full, 3/s given up"
std::string reasons(std::string_view what, const std::string& signal,
                    const std::map<std::string, double>& by) {
  std::vector<std::string> parts;
  for (const auto& [reason, value] : by) {
    if (value > 0) {
      parts.push_back(fmt::format("{}/s {}", rate(value), printable(reason)));
    }
  }
  return parts.empty() ? ""
                       : fmt::format("{} {}: {}\n", what, printable(signal), join(parts, ", "));
}

// At most `width` columns, whole characters.
std::string cut(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) {
    return text;
  }
  std::string out;
  for (std::size_t i = 0, used = 0; i < text.size() && used + 3 < width; ++used) {
    const std::size_t length =
        std::max<std::size_t>(utf8_length(std::string_view(text).substr(i)), 1);
    out += text.substr(i, length);
    i += length;
  }
  return out + "...";
}

struct Row {
  std::string status = {};
  std::string id = {};
  std::string component = {};
  std::string loss = {};
  std::string message = {};
};

std::vector<Row> rows_of(const Report& report) {
  std::vector<Row> out;
  for (const CheckResult* result : in_reading_order(report)) {
    Row row{.id = printable(result->id), .component = printable(result->component)};
    for (const Problem& problem : result->problems) {
      row.status = name_of(problem.severity);
      row.message = printable(problem.message);
      const auto seconds = time_to_loss(problem);
      row.loss = !seconds ? "" : *seconds == 0 ? "now" : human_duration({*seconds});
      out.push_back(row);
    }
    if (result->status == Status::unknown) {
      row.status = name_of(Status::unknown);
      row.message = printable(result->why);
      out.push_back(row);
    }
  }
  return out;
}

}  // namespace

std::string ledger_text(const Report& report, bool color) {
  if (report.ledger.empty()) {
    return "";
  }
  std::string out = render_text(ledger_table(report.ledger), color);
  for (const LedgerLine& line : report.ledger) {
    out += reasons("lost", line.signal, line.lost);
    for (const auto& [exporter, reason] : line.said) {
      out += fmt::format("  {} was told: {}\n", printable(exporter), printable(reason));
    }
  }
  for (const LedgerLine& line : report.ledger) {
    std::map<std::string, double> filters = line.filters;
    if (line.sampled > 0) {
      filters["by tail sampling"] = line.sampled;
    }
    out += reasons("filtered", line.signal, filters);
  }
  for (const LedgerLine& line : report.ledger) {
    out += reasons("refused", line.signal, line.refusals);
  }
  return out;
}

std::string report_table(const Report& report, const TextOptions& options) {
  std::vector<Row> rows = rows_of(report);
  const std::size_t hidden = rows.size() > k_rows ? rows.size() - k_rows : 0;
  rows.resize(rows.size() - hidden);
  Table table{.columns = {{"status"}, {"check"}, {"component"}, {"loss in"}, {"what"}}, .rows = {}};
  std::size_t used = 0;
  for (const auto member : {&Row::status, &Row::id, &Row::component, &Row::loss}) {
    std::size_t width = 9;  // no title is longer
    for (const Row& row : rows) {
      width = std::max(width, display_width(row.*member));
    }
    used += width + 2;
  }
  const std::size_t room = options.width > used + 20 ? options.width - used : 20;
  for (const Row& row : rows) {
    table.add({row.status, row.id, row.component, row.loss, cut(row.message, room)});
  }
  // A line that the terminal breaks would put every later one out of place.
  std::string out =
      cut(fmt::format("{}  {}", verdict_line(report), print_time(report.at)), options.width) + "\n";
  if (!rows.empty()) {
    out += "\n" + render_text(table, options.color);
  }
  if (hidden > 0) {
    out += fmt::format("and {} more\n", hidden);
  }
  const std::string ledger = ledger_text(report, options.color);
  return out + (ledger.empty() ? "" : "\n" + ledger);
}

}  // namespace obsctl::health
