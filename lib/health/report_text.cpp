// SPDX-License-Identifier: Apache-2.0
// A report for people: the answer first, then only what needs their attention, on one screen.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/base/text.hpp"
#include "lib/health/report.hpp"
#include "lib/health/wrapped.hpp"
#include "lib/ui/style.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_indent = 11;         // of texts: behind the longest mark
constexpr std::size_t k_problems_shown = 5;  // of one check
constexpr std::size_t k_sources_shown = 3;

std::string marked(Status status, std::string_view text, bool color) {
  switch (status) {
    case Status::error: return style(Style::red, text, color);
    case Status::warning:
    case Status::unknown: return style(Style::yellow, text, color);
    case Status::ok: return style(Style::green, text, color);
    case Status::note:
    case Status::skipped: break;
  }
  return style(Style::dim, text, color);
}

std::string detail(std::string_view title, const std::string& text, std::size_t width) {
  return text.empty() ? "" : wrapped(fmt::format("{} {}", title, text), width, k_indent) + "\n";
}

std::string entry(Status status, const std::string& text, const TextOptions& options) {
  const std::string mark = fmt::format("{:<{}}", name_of(status), k_indent - 2);
  return "  " + marked(status, mark, options.color) +
         wrapped(text, options.width, k_indent).substr(k_indent) + "\n";
}

// "COL-003 otel-collector"; a check of the stack has no component.
std::string named(const CheckResult& result) {
  return result.component.empty() ? result.id : fmt::format("{} {}", result.id, result.component);
}

std::string shortened(const std::vector<std::string>& list) {
  if (list.size() <= k_sources_shown) {
    return join(list, ", ");
  }
  return fmt::format("{} and {} more", join({list.begin(), list.begin() + k_sources_shown}, ", "),
                     list.size() - k_sources_shown);
}

// What was read, and what it came to.
std::string evidence(const CheckResult& result, const Problem& problem) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : problem.labels) {
    parts.push_back(fmt::format("{}={}", name, value));
  }
  for (const auto& [name, value] : problem.values) {
    if (name != "seconds_to_loss") {
      parts.push_back(fmt::format("{}={}", name, human_number(value)));
    }
  }
  const std::string from = shortened(result.from);
  return from + (from.empty() || parts.empty() ? "" : ": ") + join(parts, ", ");
}

std::string loss(const Problem& problem) {
  const auto seconds = time_to_loss(problem);
  if (!seconds) {
    return "";
  }
  return *seconds == 0 ? "data is being lost now" : "in " + human_duration({*seconds});
}

// What the reader has just read and need not read again: one check of many components gives one
// cause.
struct Said {
  std::string cause;
  std::string fix;

  std::string details(const Problem& problem, std::size_t width) {
    std::string out;
    out += problem.cause == cause ? "" : detail("cause:", problem.cause, width);
    out += problem.fix == fix ? "" : detail("fix:", problem.fix, width);
    cause = problem.cause;
    fix = problem.fix;
    return out;
  }
};

std::string problems_text(const Report& report, const CheckResult& result,
                          const TextOptions& options, Said& said) {
  const bool effect = is_effect(report, result);
  const std::string because =
      result.explained_by.empty()
          ? ""
          : fmt::format(" (because of {})", join(result.explained_by, ", "));
  std::string out;
  std::size_t shown = 0;
  for (const Problem& problem : result.problems) {
    if (shown == k_problems_shown && !options.all) {
      out += detail("",
                    fmt::format("and {} more of {}; --all shows them",
                                result.problems.size() - shown, result.id),
                    options.width);
      break;
    }
    ++shown;
    out += entry(status_of(problem.severity),
                 fmt::format("{}: {}{}", named(result), problem.message, because), options);
    // An effect goes away with its cause: only the cause is worth the room.
    if (effect && !options.all) {
      continue;
    }
    out += detail("read:", evidence(result, problem), options.width);
    out += detail("loss:", loss(problem), options.width);
    out += said.details(problem, options.width);
  }
  return out;
}

std::string result_text(const Report& report, const CheckResult& result, const TextOptions& options,
                        Said& said) {
  if (!result.problems.empty()) {
    return problems_text(report, result, options, said);
  }
  const bool shown = result.status == Status::unknown || options.all;
  return shown ? entry(result.status, fmt::format("{}: {}", named(result), result.title), options) +
                     detail("why:", result.why, options.width)
               : "";
}

// Every category with something to say; those without go to `well`.
std::string categories_text(const Report& report, const TextOptions& options,
                            std::vector<std::string>& well) {
  std::map<catalog::HealthCategory, std::pair<Status, std::string>> parts;
  Said said;
  for (const CheckResult* result : in_reading_order(report)) {
    auto& [worst, text] = parts.try_emplace(result->category, Status::skipped, "").first->second;
    worst = std::max(worst, result->status,
                     [](Status a, Status b) { return attention(a) < attention(b); });
    text += result_text(report, *result, options, said);
  }
  std::string out;
  for (const auto& [category, part] : parts) {
    const auto& [worst, text] = part;
    if (!text.empty()) {
      out += fmt::format("\n{}: {}\n{}", style(Style::bold, name_of(category), options.color),
                         marked(worst, name_of(worst), options.color), text);
    } else if (worst == Status::ok) {
      well.emplace_back(name_of(category));
    }
  }
  return out;
}

// A line for each reason.
std::string skipped_text(const Report& report, const TextOptions& options) {
  std::vector<std::pair<std::string, std::size_t>> reasons;
  for (const CheckResult& result : report.results) {
    if (result.status == Status::skipped) {
      const auto found =
          std::ranges::find(reasons, result.why, &std::pair<std::string, std::size_t>::first);
      if (found == reasons.end()) {
        reasons.emplace_back(result.why, 1);
      } else {
        ++found->second;
      }
    }
  }
  std::string out;
  for (const auto& [why, number] : reasons) {
    out += style(Style::dim, fmt::format("skipped {}: {}", number, printable(why)), options.color) +
           "\n";
  }
  return out;
}

}  // namespace

std::string report_text(const Report& report, const TextOptions& options) {
  const Verdict verdict = verdict_of(report);
  const Status status = verdict == Verdict::error     ? Status::error
                        : verdict == Verdict::warning ? Status::warning
                        : verdict == Verdict::unknown ? Status::unknown
                                                      : Status::ok;
  std::string out = marked(status, verdict_line(report), options.color) + "\n";
  std::vector<std::string> well;
  out += categories_text(report, options, well);
  if (!options.all) {
    std::string rest;
    if (!well.empty() && verdict != Verdict::ok) {
      rest += marked(Status::ok, "ok:", options.color) + " " + join(well, ", ") + "\n";
    }
    rest += skipped_text(report, options);
    out += rest.empty() ? "" : "\n" + rest;
  }
  const std::string ledger = ledger_text(report, options.color);
  return out + (ledger.empty() ? "" : "\n" + ledger);
}

std::string report_short(const Report& report) {
  std::string out = verdict_line(report) + "\n";
  for (const Finding& finding : findings_of(report)) {
    out += fmt::format("{}: {}{}{}: {}\n", name_of(finding.severity), finding.id,
                       finding.subject.empty() ? "" : " ", finding.subject, finding.message);
  }
  return out;
}

}  // namespace obsctl::health
