// SPDX-License-Identifier: Apache-2.0
// The probe of alerts: one alert through the stack's Alertmanager, and who got it, because a rule that
// fires proves nothing about the way to people.
//
// Its labels are constant, so that no run adds a series, a group or a silence of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/time.hpp"
#include "lib/base/units.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::health {

struct AlertProbeOptions {
  std::optional<Duration> within = {};  // absent: the documented delay and 15 s
  Duration timeout = {5};               // of one request
};

// From well to unknown.
enum class AlertState {
  delivered,   // the receiver's integration took it
  failed,      // Alertmanager tried, and could not hand it over
  missing,     // nothing was tried within the time
  suppressed,  // a silence, an inhibition or a time interval holds it back
  nobody,      // the receiver has no integration: it is only shown
  refused,     // Alertmanager did not take the alert
  unclear,     // another receiver shares the counters, and the two cannot be told apart
  unasked,     // Alertmanager could not be asked
};

constexpr auto names_of(AlertState) {
  using enum AlertState;
  return std::to_array<Named<AlertState>>({{delivered, "delivered"},
                                           {failed, "failed"},
                                           {missing, "not delivered"},
                                           {suppressed, "suppressed"},
                                           {nobody, "nobody is told"},
                                           {refused, "refused"},
                                           {unclear, "not certain"},
                                           {unasked, "not asked"}});
}

// One integration of a receiver that the alert is routed to; without an integration: what became of
// the alert before, or that the receiver has none.
struct AlertDelivery {
  std::string receiver = {};     // "operators"
  std::string integration = {};  // as Alertmanager's metrics name it: "webhook", "email"
  AlertState state = AlertState::missing;
  Duration after = {0};  // from sending the alert to the last look
  int requests = 0;      // to the integration, and how many of them failed
  int failed = 0;
  std::string why = {};  // Alertmanager's reason, or its words
};

struct AlertReport {
  std::string subject;
  Time at;
  Duration took = {0};
  std::string url = {};      // of Alertmanager, without credentials
  Duration budget = {0};     // group_wait of the route
  Duration within = {0};     // how long it was waited for
  Duration not_again = {0};  // group_interval: an alert that fires again is not sent before
  std::string next = {};     // what to do about what is not delivered
  std::vector<AlertDelivery> deliveries = {};

  [[nodiscard]] std::size_t delivered() const;
};

// Sends the alert, waits for every integration and ends the alert, also when it is stopped. Who is
// notified gets a message when it fires, and one when it ends. Errors: stopped.
[[nodiscard]] Result<AlertReport> probe_alert(const Services& services, const Subject& subject,
                                              const AlertProbeOptions& options);

// A table, what is wrong and the next command, and the verdict.
[[nodiscard]] std::string alert_text(const AlertReport& report, bool color);

// One result of id PRB-002 for each delivery. What nobody gets is a warning, what failed an error,
// what could not be asked unknown.
[[nodiscard]] std::vector<CheckResult> alert_checks(const AlertReport& report);

}  // namespace obsctl::health
