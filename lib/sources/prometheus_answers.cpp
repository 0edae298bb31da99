// SPDX-License-Identifier: Apache-2.0
// Reads targets, rules, alerts and statistics out of the JSON of the Prometheus API.
#include "lib/sources/prometheus_answers.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "lib/catalog/alerts.hpp"
#include "lib/checks/samples.hpp"
#include "lib/engine/fields.hpp"
#include "lib/sources/moment.hpp"

namespace obsctl::health {
namespace {

using Json = nlohmann::json;
using engine::number;
using engine::part;
using engine::text;

double seconds_since(Time time, Time now) {
  return std::chrono::duration<double>(now - time).count();
}

void add_target(const Json& target, Samples& out) {
  const Json& own = part(target, "labels");
  const SampleLabels labels = {{"job", text(own, "job")}, {"instance", text(own, "instance")}};
  const std::string health = text(target, "health");
  put_flag(out, "target_unscraped", health == "unknown", labels);
  if (health == "unknown") {
    return;  // neither up nor down
  }
  put_flag(out, "target_up", health == "up", labels);
  if (health != "up") {
    const std::string error = text(target, "lastError");
    SampleLabels why = labels;
    why["error"] = error;
    why["reason"] = scrape_failure(error);
    put(out, "target_error", 1, std::move(why));
  }
}

// Late: it should have been evaluated twice since, with some seconds for the evaluation itself.
bool is_late(const Json& group, double interval, const RulesSeen& seen) {
  constexpr double k_slack = 5;
  const std::string written = text(group, "lastEvaluation");
  const double allowed = 2 * interval + k_slack;
  if (const auto last = parse_moment(written)) {
    return seconds_since(*last, seen.now) > allowed;
  }
  // Never, which is no fault of a server that has just started.
  return written.starts_with("0001-") && seen.started &&
         seconds_since(*seen.started, seen.now) > allowed;
}

void add_group(const Json& group, const RulesSeen& seen, Samples& out) {
  const SampleLabels labels = {{"group", text(group, "name")}};
  const double interval = number(group, "interval").value_or(0);
  if (interval > 0 && is_late(group, interval, seen)) {
    put(out, "rule_group_late", 1, labels);
  }
  if (interval > 0 && number(group, "evaluationTime").value_or(0) > interval) {
    put(out, "rule_group_slow", 1, labels);
  }
}

// The names without which this alert cannot fire, and that no series has.
std::vector<std::string> missing_names(const std::string& query, const KnownNames& known) {
  const SelectedNames selected = selected_names(query);
  std::vector<std::string> out;
  std::ranges::copy_if(selected.names, std::back_inserter(out),
                       [&known](const std::string& name) { return !known.has(name); });
  const bool one_is_there = selected.any && out.size() < selected.names.size();
  return selected.always || one_is_there ? std::vector<std::string>() : out;
}

void add_rule(const Json& rule, const std::string& group, const RulesSeen& seen, Samples& out) {
  const std::string name = text(rule, "name");
  const std::string error = text(rule, "lastError");
  if (text(rule, "health") == "err" || !error.empty()) {
    put(out, "rule_failing", 1, {{"rule", name}, {"group", group}, {"error", error}});
  }
  if (text(rule, "type") != "alerting" || !seen.names) {
    return;
  }
  for (const std::string& metric : missing_names(text(rule, "query"), *seen.names)) {
    put(out, "rule_blind", 1,
        {{"rule", name}, {"metric", metric}, {"near", seen.names->near(metric)}});
  }
}

// Rows of {"name": …, "value": …}, largest first.
void add_largest(const Json& rows, const char* sample, const char* label, Samples& out) {
  constexpr std::size_t k_most = 10;
  std::vector<std::pair<double, std::string>> all;
  for (const auto& row : rows) {
    if (const auto value = number(row, "value")) {
      all.emplace_back(*value, text(row, "name"));
    }
  }
  std::ranges::stable_sort(all, std::ranges::greater{}, [](const auto& one) { return one.first; });
  all.resize(std::min(all.size(), k_most));
  for (auto& [value, name] : all) {
    put(out, sample, value, {{label, std::move(name)}});
  }
}

double size_of(const Json& list) {
  return list.is_array() ? static_cast<double>(list.size()) : 0;
}

}  // namespace

std::string_view scrape_failure(std::string_view error) {
  using Row = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Row, 16> k_rows = {{{"sample limit exceeded", "sample limit"},
                                           {"deadline exceeded", "timeout"},
                                           {"i/o timeout", "timeout"},
                                           {"Client.Timeout", "timeout"},
                                           {"connection refused", "refused"},
                                           {"no such host", "dns"},
                                           {"server misbehaving", "dns"},
                                           {"name resolution", "dns"},
                                           {"server returned HTTP status", "status"},
                                           {"Content-Type", "format"},
                                           {"start token", "format"},
                                           {"expected ", "format"},
                                           {"does not end with # EOF", "format"},
                                           {"invalid metric", "format"},
                                           {"invalid syntax", "format"},
                                           {"unsupported character", "format"}}};
  const auto found = std::ranges::find_if(
      k_rows, [error](const Row& row) { return error.find(row.first) != error.npos; });
  return found == k_rows.end() ? "other" : found->second;
}

Samples target_samples(const Json& data) {
  Samples out;
  for (const auto& target : part(data, "activeTargets")) {
    if (target.is_object()) {
      add_target(target, out);
    }
  }
  put_none(out, "target_unscraped");
  put_none(out, "target_error");
  return out;
}

Samples rule_samples(const Json& data, const RulesSeen& seen) {
  Samples out;
  std::map<std::string, int> loaded = {{"alerting", 0}, {"recording", 0}};
  for (const auto& group : part(data, "groups")) {
    add_group(group, seen, out);
    for (const auto& rule : part(group, "rules")) {
      if (const auto counted = loaded.find(text(rule, "type")); counted != loaded.end()) {
        ++counted->second;
      }
      add_rule(rule, text(group, "name"), seen, out);
    }
  }
  for (const auto& [type, count] : loaded) {
    put(out, "rules_loaded", count, {{"type", type}});
  }
  if (seen.names) {
    std::set<std::string> blind;
    for (const Sample& sample : out) {
      if (sample.name == "rule_blind") {
        blind.insert(sample.labels.at("rule"));
      }
    }
    put(out, "rules_blind", static_cast<double>(blind.size()));
    put_none(out, "rule_blind");
  }
  put_none(out, "rule_failing");
  put_none(out, "rule_group_late");
  put_none(out, "rule_group_slow");
  return out;
}

std::optional<Json> alerts_of_rules(const Json& data) {
  std::optional<Json> out;
  for (const auto& group : part(data, "groups")) {
    for (const auto& rule : part(group, "rules")) {
      const Json& alerts = part(rule, "alerts");
      if (alerts.is_array()) {
        out = out ? std::move(out) : Json{{"alerts", Json::array()}};
        Json& all = (*out)["alerts"];
        all.insert(all.end(), alerts.begin(), alerts.end());
      }
    }
  }
  return out;
}

Samples alert_samples(const Json& data, Time now) {
  Samples out;
  std::map<std::string, double> seconds;
  bool watchdog = false;
  for (const auto& alert : part(data, "alerts")) {
    if (text(alert, "state") != "firing") {
      continue;
    }
    const Json& labels = part(alert, "labels");
    const std::string name = text(labels, "alertname");
    const std::string severity = text(labels, "severity");
    watchdog = watchdog || severity == name_of(catalog::AlertSeverity::none);
    put(out, "alert_firing", 1,
        {{"alert", name}, {"severity", severity}, {"component_label", text(labels, "component")}});
    if (const auto since = parse_moment(text(alert, "activeAt"))) {
      seconds[name] = std::max(seconds[name], seconds_since(*since, now));
    }
  }
  for (const auto& [name, value] : seconds) {
    put(out, "alert_firing_seconds", value, {{"alert", name}});
  }
  put_flag(out, "watchdog_firing", watchdog);
  put_none(out, "alert_firing");
  return out;
}

Samples alertmanager_samples(const Json& data) {
  Samples out;
  put(out, "alertmanagers_active", size_of(part(data, "activeAlertmanagers")));
  put(out, "alertmanagers_dropped", size_of(part(data, "droppedAlertmanagers")));
  return out;
}

Samples runtime_samples(const Json& data) {
  Samples out;
  if (const Json& success = part(data, "reloadConfigSuccess"); success.is_boolean()) {
    put_flag(out, "config_reload_success", success.get<bool>());
  }
  return out;
}

Samples tsdb_samples(const Json& data) {
  Samples out;
  add_largest(part(data, "seriesCountByMetricName"), "series_of_metric", "metric", out);
  add_largest(part(data, "labelValueCountByLabelName"), "label_value_count", "label", out);
  return out;
}

Samples replay_samples(const Json& data) {
  Samples out;
  put_flag(out, "wal_replay_running", text(data, "state") == "in progress");
  return out;
}

}  // namespace obsctl::health
