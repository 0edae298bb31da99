// SPDX-License-Identifier: Apache-2.0
// What became of the test alert, for people and as results of checks.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/probe/alert.hpp"
#include "lib/ui/style.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::health {
namespace {

Status status_of(AlertState state) {
  switch (state) {
    case AlertState::delivered: return Status::ok;
    case AlertState::nobody:
    case AlertState::suppressed: return Status::warning;
    case AlertState::unclear:
    case AlertState::unasked: return Status::unknown;
    case AlertState::failed:
    case AlertState::missing:
    case AlertState::refused: break;
  }
  return Status::error;
}

std::string coloured(AlertState state, bool color) {
  const Status status = status_of(state);
  const Style look = status == Status::ok      ? Style::green
                     : status == Status::error ? Style::red
                                               : Style::yellow;
  return style(look, name_of(state), color);
}

// "operators by webhook"; what went wrong before a receiver was known is about Alertmanager.
std::string who(const AlertDelivery& delivery) {
  if (delivery.receiver.empty()) {
    return "Alertmanager";
  }
  return printable(delivery.integration.empty()
                       ? delivery.receiver
                       : fmt::format("{} by {}", delivery.receiver, delivery.integration));
}

// What is known about an alert that did not arrive.
std::string fact_of(const AlertDelivery& delivery) {
  switch (delivery.state) {
    case AlertState::delivered: return "";
    case AlertState::failed:
      return fmt::format(
          "{} of {} requests failed, {}", delivery.failed, delivery.requests,
          delivery.why.empty() ? "and Alertmanager tries again" : "reason " + delivery.why);
    case AlertState::missing:
      return fmt::format("nothing was sent within {}", human_duration(delivery.after));
    case AlertState::nobody:
      return "the receiver has no integration: alerts are only shown in Alertmanager";
    case AlertState::unclear:
      return fmt::format("{} of {} requests failed, and another receiver uses {} too",
                         delivery.failed, delivery.requests, delivery.integration);
    case AlertState::suppressed:
    case AlertState::refused:
    case AlertState::unasked: break;
  }
  return delivery.why;
}

Table table_of(const AlertReport& report, bool color) {
  Table out;
  out.columns = {{"RECEIVER"},
                 {"INTEGRATION"},
                 {"STATE"},
                 {"AFTER", Align::right},
                 {"DOCUMENTED", Align::right}};
  for (const AlertDelivery& one : report.deliveries) {
    const auto text = [](const std::string& value) {
      return value.empty() ? "-" : printable(value);
    };
    out.add({text(one.receiver), text(one.integration), coloured(one.state, color),
             one.after.seconds > 0 ? human_duration(one.after) : "-",
             one.receiver.empty() ? "-" : human_duration(report.budget)});
  }
  return out;
}

CheckResult check_of(const AlertDelivery& delivery, const AlertReport& report) {
  CheckResult out{.id = "PRB-002", .category = catalog::HealthCategory::watching};
  out.title = fmt::format("a test alert reaches {}", who(delivery));
  out.from = {report.url};
  out.status = status_of(delivery.state);
  if (out.status == Status::ok) {
    return out;
  }
  if (out.status == Status::unknown) {
    out.why = fact_of(delivery);
    return out;
  }
  Problem problem{.severity = out.status == Status::error ? Severity::error : Severity::warning};
  problem.labels = {{"receiver", delivery.receiver}, {"integration", delivery.integration}};
  problem.message = fmt::format("test alert to {}: {}", who(delivery), name_of(delivery.state));
  problem.cause = fact_of(delivery);
  problem.fix = report.next;
  out.problems.push_back(std::move(problem));
  return out;
}

}  // namespace

std::string alert_text(const AlertReport& report, bool color) {
  std::string out = fmt::format("Test alert to Alertmanager of {}, {}\n\n", report.subject,
                                print_time(report.at));
  out += render_text(table_of(report, color), color);
  if (report.budget.seconds > 0) {
    out += fmt::format("\nDocumented delay\n  group_wait {}: others of the group are waited for\n",
                       human_duration(report.budget));
  }
  out += "\n";
  for (const AlertDelivery& one : report.deliveries) {
    if (one.state != AlertState::delivered) {
      out += fmt::format("{}: {}: {}\n", who(one), name_of(one.state), fact_of(one));
    }
  }
  out += report.next.empty() ? "" : fmt::format("  Next: {}\n", report.next);
  return out + fmt::format("{} of {} notifications delivered in {}\n", report.delivered(),
                           report.deliveries.size(), human_duration(report.took));
}

std::vector<CheckResult> alert_checks(const AlertReport& report) {
  std::vector<CheckResult> out;
  for (const AlertDelivery& delivery : report.deliveries) {
    out.push_back(check_of(delivery, report));
  }
  return out;
}

}  // namespace obsctl::health
