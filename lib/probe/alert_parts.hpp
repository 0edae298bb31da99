// SPDX-License-Identifier: Apache-2.0
// What the probe of alerts sends, and what Alertmanager's answers say about it: pure, so that every
// answer is tested as text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/probe/alert.hpp"
#include "lib/prom/sample.hpp"

namespace obsctl::health {

// Of POST /api/v2/alerts: the alert since `start`; it ends by itself at `end`, whatever becomes of us.
[[nodiscard]] std::string alert_body(Time start, Time end);

// The query of GET /api/v2/alerts that finds it and no other.
[[nodiscard]] std::string alert_filter();

// What a configuration of Alertmanager says about its receivers.
struct AlertReceiver {
  std::map<std::string, int> integrations = {};  // "webhook" → how many of them
  Duration group_wait = {0};                     // the longest of the routes that lead to it
  Duration group_interval = {0};                 // likewise
};
using AlertRouting = std::map<std::string, AlertReceiver>;

// Takes the configuration that GET /api/v2/status answers with. Errors: it is not one.
// Source: Alertmanager's documentation of its configuration, with its defaults.
[[nodiscard]] Result<AlertRouting> read_routing(std::string_view config);

// The alert as Alertmanager has it.
struct AlertSeen {
  std::vector<std::string> receivers = {};  // each once
  std::string suppressed = {};              // by what: "silence 5e7c…"; empty: by nothing
};

// Takes the answer of GET /api/v2/alerts; nothing when the alert is not in it.
[[nodiscard]] std::optional<AlertSeen> read_alert(std::string_view body);

// What the counters of an integration have grown by. Alertmanager counts a request when it has ended,
// and gives a notification up with a reason when it stops to try.
struct AlertCounts {
  double requests = 0;
  double failed = 0;
  std::string given_up = {};  // the reason; empty: it was not
  bool of_receiver = false;   // counted for each receiver (feature receiver-name-in-metrics)
};

// Between two readings of Alertmanager's /metrics.
[[nodiscard]] AlertCounts counts_between(const std::vector<prom::Sample>& before,
                                         const std::vector<prom::Sample>& now,
                                         const AlertDelivery& delivery);

// Why notifications were suppressed between two readings: "mute_time_interval"; empty: none was.
[[nodiscard]] std::string suppressed_between(const std::vector<prom::Sample>& before,
                                             const std::vector<prom::Sample>& now);

// Sets the state by what the counters say. `wanted`: how many integrations of this kind the receiver
// has; `shared`: another receiver has one too; `last`: it is not looked again. False: not decided yet.
bool judge_delivery(AlertDelivery& delivery, const AlertCounts& counts, int wanted, bool shared,
                    bool last);

}  // namespace obsctl::health
