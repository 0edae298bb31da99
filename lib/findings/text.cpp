// SPDX-License-Identifier: Apache-2.0
// Findings for a terminal.
#include "lib/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/findings/print.hpp"
#include "lib/ui/style.hpp"

namespace obsctl {
namespace {

Style style_of(Severity severity) {
  switch (severity) {
    case Severity::error: return Style::red;
    case Severity::warning: return Style::yellow;
    case Severity::note: break;
  }
  return Style::dim;
}

std::string one(const Finding& finding, bool color) {
  std::string out = fmt::format(
      "{} {}: {}\n",
      style(style_of(finding.severity), fmt::format("{:<8}", name_of(finding.severity)), color),
      printable(finding.id), printable(finding.message));
  const auto detail = [&out](std::string_view title, const std::string& text) {
    if (!text.empty()) {
      out += fmt::format("  {}: {}\n", title, printable(text));
    }
  };
  detail("in", finding.place ? finding.place->str() : "");
  detail("hint", finding.hint);
  return out;
}

std::string counted(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string summary(const FindingCounts& counts) {
  std::vector<std::string> parts;
  if (counts.errors > 0) {
    parts.push_back(counted(counts.errors, "error"));
  }
  if (counts.warnings > 0) {
    parts.push_back(counted(counts.warnings, "warning"));
  }
  if (counts.notes > 0) {
    parts.push_back(counted(counts.notes, "note"));
  }
  return join(parts, ", ");
}

}  // namespace

std::string findings_text(const Findings& findings, const CheckInfo& info, bool color) {
  if (findings.empty()) {
    return fmt::format("{}\n", style(Style::green, info.passed, color));
  }
  Findings sorted = findings;
  sort_by_severity(sorted);
  std::string out;
  for (const auto& finding : sorted) {
    out += one(finding, color);
  }
  return out + summary(count(findings)) + "\n";
}

}  // namespace obsctl
