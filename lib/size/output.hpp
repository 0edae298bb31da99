// SPDX-License-Identifier: Apache-2.0
// A sizing as text, JSON, YAML, CSV and Markdown.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/sizing/check.hpp"
#include "lib/sizing/report.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::size {

// What was measured on a running stack, beside what the documents assume.
struct MeasuredRow {
  std::string formula;  // "F01"
  std::string name;     // "bytes per span"
  std::string unit;
  double documented = 0;
  double measured = 0;
  std::string how;  // the query behind it

  [[nodiscard]] double factor() const { return documented > 0 ? measured / documented : 0; }
};

struct Measured {
  std::string url;
  std::vector<MeasuredRow> rows;
  std::vector<std::string> missing;  // "stored bytes per sample: why not"
  std::string written_to;            // the spec file, after --write-calibration
};

// What the text shows beyond its first screen.
struct Pages {
  bool models = false;
  bool costs = false;
  bool notes = false;
};

// Everything one run of the command prints.
struct SizeResult {
  sizing::SizingReport report;
  std::vector<sizing::SizingReport> compared;  // --compare
  std::optional<Findings> findings;            // --check
  std::optional<Measured> measured;            // --from-prometheus
  std::string spec_file;                       // empty: none
  bool explain = false;                        // --explain: every number
  std::optional<sizing::Quantity> explained;   // --explain NAME: this one
  Pages pages;
  bool tier_by_load = false;
  Vendor provider = Vendor::all;
};

[[nodiscard]] std::string size_text(const SizeResult& result, bool color, std::size_t width);
[[nodiscard]] std::string size_markdown(const SizeResult& result);
[[nodiscard]] std::string size_csv(const SizeResult& result);
[[nodiscard]] nlohmann::ordered_json size_json(const SizeResult& result);

// The tables that text and Markdown share.
namespace size_tables {
[[nodiscard]] Table signals(const sizing::SizingReport& report);
// Per component what is recommended, when its disk is full, and what the documented formulas say.
[[nodiscard]] Table recommended(const sizing::SizingReport& report);
// Per provider what to buy, for how much, and the day of the price.
[[nodiscard]] Table prices(const sizing::SizingReport& report);
[[nodiscard]] Table components(const sizing::SizingReport& report);
[[nodiscard]] Table disks(const sizing::SizingReport& report);
[[nodiscard]] Table cost(const sizing::SizingReport& report);
[[nodiscard]] Table recovery(const sizing::SizingReport& report);
[[nodiscard]] Table availability(const sizing::SizingReport& report);
[[nodiscard]] Table models(const sizing::SizingReport& report);
[[nodiscard]] Table compared(const SizeResult& result);
[[nodiscard]] Table measured(const Measured& measured);
[[nodiscard]] Table explained(const sizing::SizingReport& report);
}  // namespace size_tables

// One number with everything behind it, for one screen.
[[nodiscard]] std::string explain_text(const sizing::Quantity& quantity, bool color,
                                       std::size_t width);

// A number with its unit for people: "52.9 GB", "1.17 cores", "never".
[[nodiscard]] std::string show(const sizing::Quantity& quantity);
[[nodiscard]] std::string show_gb(double gb);
// Memory: "2 GiB" where a table gives a whole number of them, otherwise decimal.
[[nodiscard]] std::string show_memory(double gb);
[[nodiscard]] std::string show_usd(double low, double high);

}  // namespace obsctl::size
