// SPDX-License-Identifier: Apache-2.0
// The two loops around a run of the checks.
#include "lib/health/wait.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::health {
namespace {

constexpr std::size_t k_named = 5;

std::string waited_for(const Report& report) {
  std::vector<std::string> parts;
  for (const CheckResult* result : in_reading_order(report)) {
    if (!result->problems.empty() || result->status == Status::unknown) {
      parts.push_back(fmt::format("{}{}{}", result->id, result->component.empty() ? "" : " ",
                                  result->component));
    }
  }
  if (parts.empty()) {
    return verdict_line(report);
  }
  const std::size_t more = parts.size() > k_named ? parts.size() - k_named : 0;
  parts.resize(parts.size() - more);
  return fmt::format("waiting for {}{}", printable(join(parts, ", ")),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

std::vector<std::string> values_of(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> out;
  for (const auto& [name, value] : labels) {
    out.push_back(value);
  }
  return out;
}

}  // namespace

Result<Report> wait_until_well(Clock& clock, const StopFlag& stop, const WaitOptions& options,
                               const CheckRun& run,
                               const std::function<void(const std::string&)>& say) {
  const auto start = clock.monotonic();
  std::string said;
  while (true) {
    OBS_TRY_ASSIGN(Report report, run());
    const double left = options.limit.seconds - clock.since(start).seconds;
    if (exit_code_of(report, options.fail_on) == exit_code::ok || left <= 0) {
      return report;
    }
    if (std::string text = waited_for(report); text != said) {
      say(text);
      said = std::move(text);
    }
    if (!clock.sleep({std::min(options.pause.seconds, left)}, stop)) {
      return stop.failure("the check");
    }
  }
}

Result<void> watch(Clock& clock, const StopFlag& stop, Duration pause, const CheckRun& run,
                   const std::function<void(const Report&)>& show) {
  while (stop.level() == StopLevel::none) {
    const Result<Report> report = run();
    if (stop.level() != StopLevel::none) {
      break;
    }
    if (!report) {
      return tl::make_unexpected(report.error());
    }
    show(*report);
    clock.sleep(pause, stop);
  }
  return {};
}

std::string redrawn(const std::string& text) {
  // To the corner; behind each line and behind the last one what was there is cleared.
  return "\x1b[H" + replace_all(text, "\n", "\x1b[K\n") + "\x1b[J";
}

std::string Appended::lines(const Report& report) {
  // Numbers in messages differ each time, and are no news.
  std::vector<std::string> now;
  for (const CheckResult* result : in_reading_order(report)) {
    for (const Problem& problem : result->problems) {
      now.push_back(fmt::format("{} {} {} {}", name_of(problem.severity), result->id,
                                result->component, fmt::join(values_of(problem.labels), " ")));
    }
    if (result->status == Status::unknown) {
      now.push_back(fmt::format("unknown {} {}", result->id, result->component));
    }
  }
  const bool changed = now != last_;
  last_ = std::move(now);
  return print_time(report.at) + " " +
         (changed ? report_short(report) : verdict_line(report) + "\n");
}

}  // namespace obsctl::health
