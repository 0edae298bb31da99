// SPDX-License-Identifier: Apache-2.0
// A sizing for people: what matters most first, notes last.
#include "lib/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/size/output.hpp"
#include "lib/sizing/explain.hpp"
#include "lib/sizing/formulas.hpp"
#include "lib/ui/style.hpp"

namespace obsctl::size {
namespace {

using sizing::SizingReport;

class Page {
 public:
  Page(bool color, std::size_t width) : color_(color), width_(width) {}

  void heading(const std::string& text) { out_ += style(Style::bold, text, color_) + "\n"; }
  void line(const std::string& text = "") {
    out_ += text.empty() ? "\n" : wrap(text, width_, 0) + "\n";
  }

  // A paragraph that starts with `label` and hangs under it.
  void item(const std::string& label, const std::string& text,
            std::optional<Style> label_style = {}) {
    const std::size_t indent = display_width(label) + 1;
    std::string body = wrap(text, width_, indent);
    body.erase(0, std::min(indent, body.size()));
    out_ += (label_style ? style(*label_style, label, color_) : label) + " " + body + "\n";
  }

  void table(const Table& rows) {
    if (!rows.rows.empty()) {
      out_ += render_text(rows, color_) + "\n";
    }
  }

  [[nodiscard]] std::string take() {
    while (out_.ends_with("\n\n")) {
      out_.pop_back();
    }
    return std::move(out_);
  }

 private:
  bool color_;
  std::size_t width_;
  std::string out_;
};

bool any_page(const Pages& pages) {
  return pages.models || pages.costs || pages.notes;
}

void print_head(const SizeResult& result, Page& page) {
  const SizingReport& report = result.report;
  const bool recommended = report.model == sizing::Model::recommended;
  page.heading(fmt::format("{} tier: {} spans, {} series, {} log records{}", report.tier_title,
                           human_rate({report.load.spans.value}),
                           human_count(report.load.series.value),
                           human_rate({report.load.lines.value}),
                           recommended ? "" : fmt::format(" (model '{}')", name_of(report.model))));
  std::vector<std::string> how;
  if (result.tier_by_load) {
    how.emplace_back("the tier follows from the load");
  }
  if (!result.spec_file.empty()) {
    how.push_back(fmt::format("read from '{}'", result.spec_file));
  }
  if (!how.empty()) {
    std::string line = join(how, ", ") + ".";
    line[0] = static_cast<char>(line[0] - ('a' - 'A'));
    page.line(line);
  }
  if (report.tier_by_load != report.tier) {
    page.line(fmt::format("This load belongs to the {} tier.", report.tier_by_load));
  }
}

std::string host_words(double cpus, double memory_gb) {
  return fmt::format("{:g} cores and {}", cpus, show_memory(memory_gb));
}

void print_buy(const SizeResult& result, Page& page) {
  const SizingReport& report = result.report;
  page.item("Needs:",
            fmt::format("{} cores, {} of memory, {} of disk.", human_number(report.cpus.value),
                        show_gb(report.memory.value), show_gb(report.disk.value)));
  if (!report.host) {
    return;
  }
  const sizing::HostPlan& host = *report.host;
  const double memory = host.memory.inputs.front().value;
  if (!host.holds()) {
    page.item("Does not fit:",
              fmt::format("the load asks for {} cores and {} of memory; a host of {} "
                          "has {} for it. --check shows what fits.",
                          human_number(host.need_cpus.value), show_gb(host.need_memory.value),
                          host_words(host.cpus.value, memory), show_gb(host.memory.value)),
              Style::red);
    return;
  }
  std::string text =
      fmt::format("one host of {} (profile {})", host_words(host.cpus.value, memory), host.profile);
  if (!host.smallest.empty() && host.smallest != host.profile &&
      host.smallest_cpus < host.cpus.value) {
    text += fmt::format("; {} (profile {}) is enough",
                        host_words(host.smallest_cpus, host.smallest_memory_gb), host.smallest);
  }
  page.item("Host:", text + ".");
}

void print_assumed(const SizingReport& report, Page& page) {
  std::vector<std::string> assumed;
  if (report.load.rates_assumed()) {
    assumed.push_back("the rates of the " + report.load.spans.source);
  }
  assumed.insert(assumed.end(), report.assumptions.begin(), report.assumptions.end());
  if (!assumed.empty()) {
    page.item("Assumed:", join(assumed, "; ") + ".");
  }
}

void print_resources(const SizingReport& report, Page& page) {
  page.table(size_tables::signals(report));
  if (report.model == sizing::Model::recommended) {
    page.table(size_tables::recommended(report));
    return;
  }
  page.table(size_tables::components(report));
  page.line(
      "Per instance; the larger of formula and tier table is taken: [f] what the formula asks for, "
      "[t] what the tier table gives.");
  page.line();
  page.table(size_tables::disks(report));
}

void print_rest(const SizingReport& report, Page& page) {
  page.item("Network:",
            fmt::format(
                "{:.0f} Mbit/s arrive; the tier plans {:.0f} in, {:.0f} inside: {}{}.",
                report.network.ingress.value, report.network.table.value,
                report.network.internal_mbps, report.network.topology,
                report.network.fits ? "" : "; less than 30 % headroom, use gzip or a wider link"));
  if (report.kafka) {
    const auto& kafka = *report.kafka;
    page.item(
        "Kafka:",
        fmt::format("{:.0f} brokers with {} memory and {} disk each, {} through it per day; "
                    "{}.",
                    kafka.brokers.value, show_gb(kafka.memory.value), show_gb(kafka.disk.value),
                    show_gb(kafka.daily.value), join(kafka.other_tables, "; ")));
  }
  page.item("Tail sampling:", fmt::format("hold at least {:.0f} traces at a time (num_traces).",
                                          report.tail_traces.value));
  if (!report.loki_mode.empty()) {
    page.item("Loki:", fmt::format("{} mode by the reference documents' table{}.", report.loki_mode,
                                   report.loki_note));
  }
  page.line();
}

void print_cost(const SizeResult& result, Page& page) {
  const sizing::CostPlan& cost = result.report.cost;
  page.table(size_tables::cost(result.report));
  for (const auto& row : cost.providers) {
    page.item(fmt::format("{}:", name_of(row.provider)),
              fmt::format("prices of {}, {}{}.", row.price_date, row.price_source,
                          row.price_url.empty() ? "" : " (" + row.price_url + ")"));
    if (!row.note.empty()) {
      page.item(fmt::format("{}:", name_of(row.provider)), row.note + ".");
    }
    if (result.provider != Vendor::all && !row.instance_types.empty()) {
      page.item("One machine per component:", row.instance_types + ".");
    }
  }
  if (!cost.unpriced.empty()) {
    page.line("No price is known for this tier: " + join(cost.unpriced, ", ") + ".");
  }
  const bool own = result.report.model == sizing::Model::recommended;
  std::string tco =
      fmt::format("{} a month with operations and storage, {}.",
                  show_usd(cost.tco_low.value, cost.tco_high.value),
                  own ? "from the prices above and the reference documents' operations"
                      : "by the reference documents' table");
  if (cost.managed_low) {
    tco += fmt::format(" Managed services: {}; saved {:.0f} to {:.0f} %.",
                       show_usd(cost.managed_low->value, cost.managed_high->value),
                       std::min(cost.saving_low->value, cost.saving_high->value) * 100,
                       std::max(cost.saving_low->value, cost.saving_high->value) * 100);
  }
  if (!cost.tco_low.inputs.empty()) {
    page.item("TCO:", tco);
  }
  page.line();
  page.table(size_tables::recovery(result.report));
  page.table(size_tables::availability(result.report));
}

void print_models(const SizingReport& report, Page& page) {
  page.table(size_tables::models(report));
  std::set<std::string> said;
  for (const auto& row : report.models) {
    if (!row.trusted.empty() && said.insert(row.why).second) {
      page.item(row.name + ":", row.why + ".");
    }
  }
  page.line();
}

void print_findings(const SizeResult& result, Page& page) {
  if (!result.findings) {
    return;
  }
  if (result.findings->empty()) {
    page.item("Check:", "everything declared is large enough for the load.", Style::green);
  }
  for (const auto& finding : *result.findings) {
    const bool error = finding.severity == Severity::error;
    page.item(fmt::format("{} {}:", error ? "FAIL" : "warn", finding.id), finding.message + ".",
              error ? Style::red : Style::yellow);
    page.item("     hint:", finding.hint);
  }
  page.line();
}

void print_measured(const Measured& measured, Page& page) {
  page.table(size_tables::measured(measured));
  for (const auto& missing : measured.missing) {
    page.item("not measured:", missing + ".");
  }
  if (!measured.written_to.empty()) {
    page.item("calibration:", fmt::format("written to '{}'.", measured.written_to));
  }
  page.line();
}

// A line for each named number.
void print_explained(const SizingReport& report, std::size_t width, Page& page) {
  page.heading("NUMBERS ('--explain NAME' shows how one is computed)");
  Table rows{{{"NAME"}, {"VALUE", Align::right}, {"FROM"}}, {}};
  constexpr std::size_t k_before = 58;  // of the longest name and value
  for (const sizing::Quantity* quantity : sizing::named_quantities(report)) {
    std::string from = !quantity->why.empty() ? quantity->why
                       : quantity->is_given()
                           ? quantity->source
                           : std::string(sizing::find_formula(quantity->formula)->expression);
    if (from.size() > width - std::min(width, k_before)) {
      from.resize(width - std::min(width, k_before + 3));
      from += "...";
    }
    rows.add({quantity->key, show(*quantity), std::move(from)});
  }
  page.table(rows);
}

void print_notes(const SizingReport& report, Page& page) {
  page.heading("NOTES");
  print_rest(report, page);
  for (const auto& note : report.notes) {
    page.item("-", note.text + ".");
  }
  page.item("Other tier definitions:", join(report.other_tiers, "; ") + ".");
}

void print_more(const SizeResult& result, Page& page) {
  if (!result.explain && !result.findings) {
    page.line("More: --models, --costs, --notes, --explain [NAME], --model documented.");
  }
}

}  // namespace

std::string size_text(const SizeResult& result, bool color, std::size_t width) {
  if (result.explained) {
    return explain_text(*result.explained, color, width);
  }
  Page page(color, width);
  const SizingReport& report = result.report;
  if (result.explain) {
    print_explained(report, width, page);
    return page.take();
  }
  print_head(result, page);
  print_buy(result, page);
  print_findings(result, page);
  if (result.measured) {
    print_measured(*result.measured, page);
  }
  if (result.findings && !any_page(result.pages)) {
    return page.take();
  }
  page.line();
  if (!result.compared.empty()) {
    page.table(size_tables::compared(result));
  }
  print_resources(report, page);
  if (result.pages.costs) {
    print_cost(result, page);
  } else {
    page.table(size_tables::prices(report));
  }
  print_assumed(report, page);
  if (result.pages.models) {
    page.line();
    print_models(report, page);
  }
  if (result.pages.notes) {
    print_notes(report, page);
  }
  print_more(result, page);
  return page.take();
}

std::string size_markdown(const SizeResult& result) {
  const SizingReport& report = result.report;
  std::string out =
      fmt::format("# {} tier: {} events/s, {} per day stored\n\nModel `{}`, tier by {}.\n\n",
                  report.tier_title, human_count(report.load.events.value),
                  show_gb(report.daily.value), name_of(report.model), report.tier_source);
  const auto section = [&out](const char* title, const Table& table) {
    if (!table.rows.empty()) {
      out += fmt::format("## {}\n\n{}\n", title, render_markdown(table));
    }
  };
  if (result.findings) {
    Table findings{{{"Severity"}, {"Code"}, {"Finding"}, {"Hint"}, {"Source"}}, {}};
    for (const auto& finding : *result.findings) {
      findings.add({std::string(name_of(finding.severity)), finding.id, finding.message,
                    finding.hint, finding.evidence});
    }
    section("Check", findings);
  }
  if (result.measured) {
    section("Measured", size_tables::measured(*result.measured));
  }
  if (!result.compared.empty()) {
    section("Tiers compared", size_tables::compared(result));
  }
  section("Signals", size_tables::signals(report));
  section("Components", size_tables::components(report));
  section("Disks", size_tables::disks(report));
  section("Cost", size_tables::cost(report));
  section("Disaster recovery", size_tables::recovery(report));
  section("High availability", size_tables::availability(report));
  section("Models", size_tables::models(report));
  if (result.explain) {
    section("Explained", size_tables::explained(report));
  }
  out += "## Notes\n\n";
  for (const auto& note : report.notes) {
    out += fmt::format("- {}\n", note.text);
  }
  return out;
}

std::string size_csv(const SizeResult& result) {
  return render_csv(size_tables::explained(result.report));
}

}  // namespace obsctl::size
