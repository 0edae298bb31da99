// SPDX-License-Identifier: Apache-2.0
// A report for monitoring systems: a plugin's line, and Prometheus' text format.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "lib/base/text.hpp"
#include "lib/health/report.hpp"

namespace obsctl::health {
namespace {

constexpr int k_ok = 0;
constexpr int k_warning = 1;
constexpr int k_critical = 2;

constexpr std::size_t k_findings_named = 3;

std::string_view state_of(int code) {
  switch (code) {
    case k_ok: return "OK";
    case k_warning: return "WARNING";
    case k_critical: return "CRITICAL";
    default: break;
  }
  return "UNKNOWN";
}

// A '|' would begin the numbers.
std::string plugin_text(std::string_view text) {
  return replace_all(printable(text), "|", "/");
}

std::string label_value(std::string_view text) {
  return replace_all(replace_all(printable(text), "\\", "\\\\"), "\"", "\\\"");
}

std::string head(std::string_view name, std::string_view help) {
  return fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
}

}  // namespace

int nagios_exit_code(const Report& report, FailOn fail_on) {
  switch (exit_code_of(report, fail_on)) {
    case exit_code::ok: return k_ok;
    case exit_code::findings: return counts_of(report).problems.errors > 0 ? k_critical : k_warning;
    default: break;
  }
  return k_nagios_unknown;
}

std::string report_nagios(const Report& report, FailOn fail_on) {
  std::vector<std::string> parts = {verdict_line(report)};
  Findings findings = findings_of(report);
  sort_by_severity(findings);
  for (const Finding& finding : findings) {
    if (parts.size() > k_findings_named) {
      parts.push_back(fmt::format("{} more", findings.size() - k_findings_named));
      break;
    }
    parts.push_back(fmt::format("{} {}", finding.id, finding.message));
  }
  const ReportCounts counts = counts_of(report);
  return fmt::format(
      "{} - {} | errors={} warnings={} notes={} unknown={} skipped={} checks={} time={:.3f}s\n",
      state_of(nagios_exit_code(report, fail_on)), plugin_text(join(parts, "; ")),
      counts.problems.errors, counts.problems.warnings, counts.problems.notes, counts.unknown,
      counts.skipped, counts.checks, report.took.seconds);
}

std::string nagios_unknown(const Error& error) {
  return fmt::format("{} - {}\n", state_of(k_nagios_unknown), plugin_text(error.message));
}

std::string report_exposition(const Report& report) {
  std::vector<std::string> statuses;
  for (const auto& [status, name] : names_of(Status{})) {
    statuses.push_back(fmt::format("{} {}", static_cast<int>(status), name));
  }
  std::string out = head("obsctl_health_check_status",
                         fmt::format("Result of a check: {}.", join(statuses, ", ")));
  for (const CheckResult* result : in_reading_order(report)) {
    out +=
        fmt::format("obsctl_health_check_status{{id=\"{}\",component=\"{}\",category=\"{}\"}} {}\n",
                    label_value(result->id), label_value(result->component),
                    name_of(result->category), static_cast<int>(result->status));
  }
  const std::chrono::duration<double> at = report.at.time_since_epoch();
  out += head("obsctl_health_last_run_timestamp_seconds", "When the checks began, in Unix time.") +
         fmt::format("obsctl_health_last_run_timestamp_seconds {:.3f}\n", at.count());
  out += head("obsctl_health_last_run_duration_seconds", "How long the checks took.") +
         fmt::format("obsctl_health_last_run_duration_seconds {:.3f}\n", report.took.seconds);
  return out;
}

}  // namespace obsctl::health
