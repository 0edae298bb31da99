// SPDX-License-Identifier: Apache-2.0
// What a report amounts to: its verdict, counts, order and exit code, which every form shares.
#include "lib/health/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>

#include "lib/base/text.hpp"

namespace obsctl::health {
namespace {

bool reaches(Severity severity, FailOn fail_on) {
  switch (fail_on) {
    case FailOn::note: return true;
    case FailOn::warning: return severity >= Severity::warning;
    case FailOn::error: return severity >= Severity::error;
    case FailOn::never: break;
  }
  return false;
}

// A stack is known by the name of its directory.
std::string short_name(const std::string& subject) {
  const auto slash = subject.find_last_not_of('/');
  if (!subject.starts_with('/') || slash == std::string::npos) {
    return printable(subject);
  }
  const std::string path = subject.substr(0, slash + 1);
  return printable(path.substr(path.rfind('/') + 1));
}

std::string counted(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::vector<std::string> worded(const ReportCounts& counts) {
  std::vector<std::string> out;
  const auto add = [&out](std::size_t number, std::string text) {
    if (number > 0) {
      out.push_back(std::move(text));
    }
  };
  add(counts.problems.errors, counted(counts.problems.errors, "error"));
  add(counts.problems.warnings, counted(counts.problems.warnings, "warning"));
  add(counts.unknown, fmt::format("{} unknown", counts.unknown));
  add(counts.problems.notes, counted(counts.problems.notes, "note"));
  add(counts.skipped, fmt::format("{} skipped", counts.skipped));
  return out;
}

std::size_t components_of(const Report& report) {
  std::set<std::string> names;
  for (const CheckResult& result : report.results) {
    if (!result.component.empty() && result.status != Status::skipped) {
      names.insert(result.component);
    }
  }
  return names.size();
}

double urgency(const CheckResult& result) {
  double out = std::numeric_limits<double>::infinity();
  for (const Problem& problem : result.problems) {
    out = std::min(out, time_to_loss(problem).value_or(out));
  }
  return out;
}

}  // namespace

ReportCounts counts_of(const Report& report) {
  ReportCounts out;
  out.checks = report.results.size();
  for (const CheckResult& result : report.results) {
    out.ok += result.status == Status::ok ? 1 : 0;
    out.skipped += result.status == Status::skipped ? 1 : 0;
    out.unknown += result.status == Status::unknown ? 1 : 0;
    for (const Problem& problem : result.problems) {
      switch (problem.severity) {
        case Severity::error: ++out.problems.errors; break;
        case Severity::warning: ++out.problems.warnings; break;
        case Severity::note: ++out.problems.notes; break;
      }
    }
  }
  return out;
}

Verdict verdict_of(const Report& report) {
  const ReportCounts counts = counts_of(report);
  if (counts.problems.errors > 0) {
    return Verdict::error;
  }
  if (counts.problems.warnings > 0) {
    return Verdict::warning;
  }
  // Where every check was skipped nothing was seen, and that is not health.
  return counts.unknown > 0 || counts.skipped == counts.checks ? Verdict::unknown : Verdict::ok;
}

int exit_code_of(const Report& report, FailOn fail_on) {
  for (const CheckResult& result : report.results) {
    for (const Problem& problem : result.problems) {
      if (reaches(problem.severity, fail_on)) {
        return exit_code::findings;
      }
    }
  }
  const ReportCounts counts = counts_of(report);
  return counts.unknown > 0 || counts.skipped == counts.checks ? exit_code::unavailable
                                                               : exit_code::ok;
}

std::string verdict_line(const Report& report) {
  const ReportCounts counts = counts_of(report);
  const std::string seconds = fmt::format("{:.1f} s", report.took.seconds);
  if (counts.skipped == counts.checks) {
    return fmt::format("{}: nothing could be checked: {} skipped ({})", short_name(report.subject),
                       counted(counts.checks, "check"), seconds);
  }
  if (verdict_of(report) == Verdict::ok) {
    std::vector<std::string> parts = worded(counts);
    parts.insert(parts.begin(), fmt::format("healthy: {} of {} in {}",
                                            counted(counts.checks - counts.skipped, "check"),
                                            counted(components_of(report), "component"), seconds));
    return join(parts, ", ");
  }
  return fmt::format("{}: {} in {} ({})", short_name(report.subject), join(worded(counts), ", "),
                     counted(counts.checks, "check"), seconds);
}

std::optional<double> time_to_loss(const Problem& problem) {
  const auto& seconds = problem.seconds_to_loss;
  return seconds && *seconds >= 0 ? seconds : std::nullopt;
}

int attention(Status status) {
  switch (status) {
    case Status::skipped: return 0;
    case Status::ok: return 1;
    case Status::note: return 2;
    case Status::unknown: return 3;
    case Status::warning: return 4;
    case Status::error: break;
  }
  return 5;
}

std::vector<const CheckResult*> in_reading_order(const Report& report) {
  std::vector<const CheckResult*> out;
  for (const CheckResult& result : report.results) {
    out.push_back(&result);
  }
  std::ranges::stable_sort(out, [](const CheckResult* a, const CheckResult* b) {
    if (a->category != b->category) {
      return a->category < b->category;
    }
    return a->status != b->status ? attention(a->status) > attention(b->status)
                                  : urgency(*a) < urgency(*b);
  });
  return out;
}

bool is_effect(const Report& report, const CheckResult& result) {
  return std::ranges::any_of(report.results, [&result](const CheckResult& other) {
    const auto& explained = result.explained_by;
    return !other.problems.empty() && other.explained_by.empty() &&
           std::ranges::find(explained, other.id) != explained.end();
  });
}

Findings findings_of(const Report& report) {
  Findings out;
  for (const CheckResult* result : in_reading_order(report)) {
    Finding finding{.id = printable(result->id),
                    .subject = printable(result->component),
                    .message = {},
                    .evidence = printable(join(result->from, ", "))};
    for (const Problem& problem : result->problems) {
      finding.severity = problem.severity;
      finding.message = printable(problem.message);
      finding.hint = printable(problem.fix);
      out.push_back(finding);
    }
    if (result->status == Status::unknown) {
      finding.severity = Severity::warning;
      finding.message = fmt::format("could not be checked: {}: {}", printable(result->title),
                                    printable(result->why));
      finding.hint.clear();
      out.push_back(finding);
    }
  }
  return out;
}

}  // namespace obsctl::health
