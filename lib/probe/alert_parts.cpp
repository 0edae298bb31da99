// SPDX-License-Identifier: Apache-2.0
// Writes the alert, and reads configuration, alerts and counters.
#include "lib/probe/alert_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/base/text.hpp"
#include "lib/engine/fields.hpp"
#include "lib/probe/items.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::health {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view k_alert_name = "ObsctlProbe";
constexpr std::string_view k_configs = "_configs";

struct Waits {
  Duration group_wait = {30};
  Duration group_interval = {300};
};

// A time that is not readable is as if it were not there.
void read_time(const yaml::Node& route, std::string_view key, Duration& into) {
  if (const auto time = parse_duration(route.text_or(key, ""), key)) {
    into = *time;
  }
}

// A route without an own value has that of its parent.
void read_route(const yaml::Node& route, std::string receiver, Waits waits, AlertRouting& into) {
  receiver = route.text_or("receiver", receiver);
  read_time(route, "group_wait", waits.group_wait);
  read_time(route, "group_interval", waits.group_interval);
  AlertReceiver& out = into[receiver];
  out.group_wait = std::max(out.group_wait, waits.group_wait);
  out.group_interval = std::max(out.group_interval, waits.group_interval);
  if (const yaml::Node* routes = route.find("routes")) {
    for (const yaml::Node& one : routes->items) {
      read_route(one, receiver, waits, into);
    }
  }
}

std::string label(const prom::Sample& sample, const char* name) {
  const auto found = sample.labels.find(name);
  return found == sample.labels.end() ? std::string() : found->second;
}

bool is_about(const prom::Sample& sample, const AlertDelivery& delivery) {
  const std::string receiver = label(sample, "receiver_name");
  return label(sample, "integration") == delivery.integration &&
         (receiver.empty() || receiver == delivery.receiver);
}

// Of a counter by one of its labels; one that appears begins at 0.
std::map<std::string, double> growth_by(const std::vector<prom::Sample>& before,
                                        const std::vector<prom::Sample>& now,
                                        std::string_view counter, const char* by,
                                        const AlertDelivery* delivery) {
  std::map<std::string, double> out;
  for (const auto& [samples, sign] : {std::pair{&before, -1.0}, std::pair{&now, 1.0}}) {
    for (const prom::Sample& sample : *samples) {
      if (sample.name == counter && (delivery == nullptr || is_about(sample, *delivery))) {
        out[label(sample, by)] += sign * sample.value;
      }
    }
  }
  std::erase_if(out, [](const auto& entry) { return entry.second <= 0; });
  return out;
}

double growth(const std::vector<prom::Sample>& before, const std::vector<prom::Sample>& now,
              std::string_view counter, const AlertDelivery& delivery) {
  double out = 0;
  for (const auto& [value, grown] : growth_by(before, now, counter, "integration", &delivery)) {
    out += grown;
  }
  return out;
}

std::vector<std::string> texts(const nlohmann::json& list) {
  std::vector<std::string> out;
  for (const auto& one : list) {
    if (one.is_string()) {
      out.push_back(printable(one.get<std::string>()));
    }
  }
  return out;
}

std::string suppressed_by(const nlohmann::json& status) {
  for (const auto& [key, what] : {std::pair{"silencedBy", "silence"},
                                  {"inhibitedBy", "inhibited by alert"},
                                  {"mutedBy", "time interval"}}) {
    const auto ids = texts(engine::part(status, key));
    if (!ids.empty()) {
      return fmt::format("{} {}", what, join(ids, ", "));
    }
  }
  return engine::text(status, "state") == "suppressed" ? "Alertmanager does not say by what" : "";
}

}  // namespace

std::string alert_body(Time start, Time end) {
  const Json alert = {
      {"labels", {{"alertname", k_alert_name}, {"severity", "info"}, {"service", k_probe_service}}},
      {"annotations",
       {{"summary", "This is a test of the way of alerts"},
        {"description", "It was sent by `obsctl health --probe=alert`; nothing is wrong."},
        {"runbook", "nothing: no action is needed."}}},
      {"startsAt", print_time(start)},
      {"endsAt", print_time(end)}};
  return Json::array({alert}).dump();
}

std::string alert_filter() {
  return fmt::format("?filter={}&filter={}",
                     percent_encoded(fmt::format("alertname=\"{}\"", k_alert_name)),
                     percent_encoded(fmt::format("service=\"{}\"", k_probe_service)));
}

Result<AlertRouting> read_routing(std::string_view config) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(config, "the configuration of Alertmanager"));
  OBS_TRY_ASSIGN(const yaml::Node* route, root.require("route"));
  OBS_TRY_ASSIGN(const yaml::Node* receivers, root.require("receivers"));
  AlertRouting out;
  read_route(*route, {}, {}, out);
  for (const yaml::Node& receiver : receivers->items) {
    AlertReceiver& into = out[receiver.text_or("name", "")];
    for (const yaml::Entry& entry : receiver.entries) {
      if (entry.key.ends_with(k_configs) && !entry.value.items.empty()) {
        const std::string name = entry.key.substr(0, entry.key.size() - k_configs.size());
        into.integrations[name] = static_cast<int>(entry.value.items.size());
      }
    }
  }
  return out;
}

std::optional<AlertSeen> read_alert(std::string_view body) {
  const auto list = nlohmann::json::parse(body, nullptr, false);
  if (!list.is_array() || list.empty()) {
    return std::nullopt;
  }
  std::set<std::string> receivers;
  for (const auto& one : engine::part(list.front(), "receivers")) {
    receivers.insert(engine::text(one, "name"));
  }
  return AlertSeen{.receivers = {receivers.begin(), receivers.end()},
                   .suppressed = suppressed_by(engine::part(list.front(), "status"))};
}

AlertCounts counts_between(const std::vector<prom::Sample>& before,
                           const std::vector<prom::Sample>& now, const AlertDelivery& delivery) {
  AlertCounts out;
  out.requests = growth(before, now, "alertmanager_notification_requests_total", delivery);
  out.failed = growth(before, now, "alertmanager_notification_requests_failed_total", delivery);
  const auto reasons =
      growth_by(before, now, "alertmanager_notifications_failed_total", "reason", &delivery);
  if (!reasons.empty()) {
    const std::string& reason = reasons.begin()->first;
    out.given_up = reason.empty() ? "other" : reason;
  }
  out.of_receiver = std::ranges::any_of(now, [](const prom::Sample& sample) {
    return sample.name == "alertmanager_notification_requests_total" &&
           sample.labels.contains("receiver_name");
  });
  return out;
}

std::string suppressed_between(const std::vector<prom::Sample>& before,
                               const std::vector<prom::Sample>& now) {
  const auto reasons =
      growth_by(before, now, "alertmanager_notifications_suppressed_total", "reason", nullptr);
  return reasons.empty() ? "" : reasons.begin()->first;
}

bool judge_delivery(AlertDelivery& delivery, const AlertCounts& counts, int wanted, bool shared,
                    bool last) {
  const double taken = counts.requests - counts.failed;
  const bool mixed = shared && !counts.of_receiver && taken > 0 && counts.failed > 0;
  delivery.requests = static_cast<int>(counts.requests);
  delivery.failed = static_cast<int>(counts.failed);
  delivery.why = counts.given_up;
  if (taken >= wanted && !mixed) {
    delivery.state = AlertState::delivered;
    delivery.why.clear();
    return true;
  }
  delivery.state = mixed               ? AlertState::unclear
                   : counts.failed > 0 ? AlertState::failed
                                       : AlertState::missing;
  return last || !counts.given_up.empty();
}

}  // namespace obsctl::health
