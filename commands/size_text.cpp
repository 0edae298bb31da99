// A sizing for people: what matters most first, notes last.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "commands/size_output.hpp"
#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/sizing/formulas.hpp"
#include "lib/ui/style.hpp"

namespace obsctl {
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

void print_head(const SizeResult& result, Page& page) {
  const SizingReport& report = result.report;
  page.heading(fmt::format("{} tier: {} events/s, {}/day stored, {} over the retention",
                           report.tier_title, human_count(report.load.events.value),
                           show_gb(report.daily.value), show_gb(report.stored.value)));
  std::string how = fmt::format(
      "Model '{}'. Tier by {}", report.model,
      result.tier_by_load ? "the load and the " + report.tier_source : report.tier_source);
  if (!result.spec_file.empty()) {
    how += fmt::format(". Spec '{}'", result.spec_file);
  }
  page.line(how + ".");
  if (report.tier_by_load != report.tier) {
    page.line(fmt::format("This load belongs to the {} tier: {} carries up to {} events/s.",
                          report.tier_by_load, report.tier, human_count(report.tier_events_max)));
  }
  page.line();
}

void print_resources(const SizingReport& report, Page& page) {
  page.table(size_tables::signals(report));
  page.table(size_tables::components(report));
  page.line(
      "Per instance; the larger of formula and tier table is taken: [f] what the formula asks for, "
      "[t] what the tier table gives.");
  page.line();
  page.table(size_tables::disks(report));
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
  page.item("Loki:",
            fmt::format("{} mode by the documents' table{}.", report.loki_mode, report.loki_note));
  page.line();
}

void print_cost(const SizeResult& result, Page& page) {
  const sizing::CostPlan& cost = result.report.cost;
  page.table(size_tables::cost(result.report));
  for (const auto& row : cost.providers) {
    if (!row.note.empty()) {
      page.item(row.provider + ":", row.note + ".");
    }
    if (result.provider != "all" && !row.instance_types.empty()) {
      page.item("One machine per component:", row.instance_types + ".");
    }
  }
  if (!cost.unpriced.empty()) {
    page.line("No price for this tier in the price book: " + join(cost.unpriced, ", ") + ".");
  }
  std::string tco =
      fmt::format("{} a month with operations and storage, by the documents' table ({}).",
                  show_usd(cost.tco_low.value, cost.tco_high.value),
                  cost.tco_low.inputs.empty() ? "" : cost.tco_low.inputs[0].source);
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
      page.item(row.name + ":", fmt::format("{}x apart; trust '{}': {}.", human_number(row.spread),
                                            row.trusted, row.why));
    }
  }
  page.line();
}

void print_findings(const SizeResult& result, Page& page) {
  if (!result.findings) {
    return;
  }
  if (result.findings->empty()) {
    page.item("check:", "everything declared holds the load.", Style::green);
  }
  for (const auto& finding : *result.findings) {
    const bool error = finding.severity == sizing::Severity::error;
    page.item(fmt::format("{} {}:", error ? "FAIL" : "warn", finding.code),
              fmt::format("{} [{}]", finding.message, finding.source),
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

void print_explained(const SizingReport& report, Page& page) {
  page.heading("EXPLAINED");
  std::set<std::string> said;
  for (const sizing::Quantity* quantity : sizing::quantities(report)) {
    const sizing::Formula* formula = sizing::find_formula(quantity->formula);
    std::string text = fmt::format("{} = {}", quantity->name, show(*quantity));
    std::string inputs;
    for (const auto& input : quantity->inputs) {
      inputs += fmt::format("{}{} {:.10g}{}{} [{}]", inputs.empty() ? "" : ", ", input.name,
                            input.value, input.unit.empty() ? "" : " ", input.unit, input.source);
    }
    if (quantity->formula == "D13") {
      text += fmt::format(" [{}]", quantity->source);
    } else {
      text += fmt::format(" = {} [{}] with {}", formula->expression, quantity->source, inputs);
    }
    if (said.insert(text).second) {
      page.item(quantity->formula, text);
    }
  }
  page.line();
}

void print_notes(const SizingReport& report, Page& page) {
  page.heading("NOTES");
  for (const auto& note : report.notes) {
    page.item(note.id, note.text + ".");
  }
  page.item("Tier lines elsewhere:", join(report.other_tiers, "; ") + ".");
  if (!report.assumptions.empty()) {
    page.item("Assumed:", join(report.assumptions, "; ") + ".");
  }
}

}  // namespace

std::string size_text(const SizeResult& result, bool color, std::size_t width) {
  Page page(color, width);
  print_head(result, page);
  print_findings(result, page);
  if (result.measured) {
    print_measured(*result.measured, page);
  }
  if (!result.compared.empty()) {
    page.table(size_tables::compared(result));
  }
  print_resources(result.report, page);
  print_cost(result, page);
  print_models(result.report, page);
  if (result.explain) {
    print_explained(result.report, page);
  }
  print_notes(result.report, page);
  return page.take();
}

std::string size_markdown(const SizeResult& result) {
  const SizingReport& report = result.report;
  std::string out =
      fmt::format("# {} tier: {} events/s, {} per day stored\n\nModel `{}`, tier by {}.\n\n",
                  report.tier_title, human_count(report.load.events.value),
                  show_gb(report.daily.value), report.model, report.tier_source);
  const auto section = [&out](const char* title, const Table& table) {
    if (!table.rows.empty()) {
      out += fmt::format("## {}\n\n{}\n", title, render_markdown(table));
    }
  };
  if (result.findings) {
    Table findings{{{"Severity"}, {"Code"}, {"Finding"}, {"Hint"}, {"Source"}}, {}};
    for (const auto& finding : *result.findings) {
      findings.add({finding.severity == sizing::Severity::error ? "error" : "warning", finding.code,
                    finding.message, finding.hint, finding.source});
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
    out += fmt::format("- {}: {}\n", note.id, note.text);
  }
  return out;
}

std::string size_csv(const SizeResult& result) {
  return render_csv(size_tables::explained(result.report));
}

}  // namespace obsctl
