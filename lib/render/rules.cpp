// SPDX-License-Identifier: Apache-2.0
// Writes Prometheus rule files and their promtool tests from catalog rows.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "lib/base/text.hpp"
#include "lib/render/observe_parts.hpp"
#include "lib/yaml/write.hpp"

namespace obsctl::observe {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t k_comment_width = 96;
constexpr std::size_t k_indent = 6;  // of a rule in its group

std::string comment(std::string_view text, std::size_t indent) {
  std::string out;
  for (const auto& line : split(trim(wrap(text, k_comment_width - indent, 0)), '\n')) {
    out += fmt::format("{:{}}# {}\n", "", indent, line);
  }
  return out;
}

// Annotations are one line each: every receiver shows them differently, none shows YAML's line
// breaks.
std::string one_line(const std::string& text) {
  return replace_all(text, "\n", " ");
}

// A rule as an entry of a group's list, below the comment that says why it is as it is.
std::string entry(std::string_view why, const Json& rule) {
  return (why.empty() ? std::string() : comment(why, k_indent)) +
         yaml::write(Json::array({rule}), k_indent);
}

std::string alert_rule(const catalog::AlertRule& alert) {
  Json rule = {{"alert", alert.name}, {"expr", alert.expr}};
  if (!alert.hold.empty()) {
    rule["for"] = alert.hold;
  }
  rule["labels"] = {{"severity", std::string(name_of(alert.severity))},
                    {"component", alert.watches}};
  rule["annotations"] = {{"summary", one_line(alert.summary)},
                         {"description", one_line(alert.description)},
                         {"runbook", one_line(alert.runbook)}};
  return entry(alert.note, rule);
}

std::string recording_rule(const catalog::RecordingRule& recording) {
  Json rule = {{"record", recording.name}, {"expr", recording.expr}};
  for (const auto& [key, value] : recording.labels) {
    rule["labels"][key] = value;
  }
  return entry(recording.doc, rule);
}

// The alert's state is read from Prometheus' own ALERTS series, so that a test does not repeat
// labels and annotations: those are checked where they are written.
Json rule_test(const catalog::AlertRule& alert, bool fires) {
  Json input = Json::array();
  for (const auto& one : fires ? alert.fires : alert.quiet) {
    input.push_back({{"series", one.series}, {"values", one.values}});
  }
  const std::string state =
      fires ? fmt::format(R"(count(ALERTS{{alertname="{}", alertstate="firing"}}) > bool 0)",
                          alert.name)
            : fmt::format(R"(ALERTS{{alertname="{}"}})", alert.name);
  Json samples = Json::array();
  if (fires) {
    samples.push_back({{"labels", "{}"}, {"value", 1}});
  }
  const Json question = {{"expr", state}, {"eval_time", alert.test_at}, {"exp_samples", samples}};
  return {{"name", fmt::format("{} {}", alert.name, fires ? "fires" : "stays silent")},
          {"interval", "1m"},
          {"input_series", input},
          {"promql_expr_test", Json::array({question})}};
}

}  // namespace

std::string alert_file(const std::vector<catalog::AlertRule>& alerts) {
  std::string out;
  std::string group;
  for (const auto& alert : alerts) {
    if (group != alert.group) {
      group = alert.group;
      out += fmt::format("{}  - name: {}\n    rules:\n", out.empty() ? "groups:\n" : "", group);
    }
    out += alert_rule(alert);
  }
  return out;
}

std::string recording_file(const std::vector<catalog::RecordingRule>& rules) {
  std::string out;
  std::string group;
  for (const auto& rule : rules) {
    if (group != rule.group) {
      group = rule.group;
      out += fmt::format("{}  - name: {}-recording\n    interval: 1m\n    rules:\n",
                         out.empty() ? "groups:\n" : "", group);
    }
    out += recording_rule(rule);
  }
  return out;
}

std::string rule_test_file(const std::vector<catalog::AlertRule>& alerts,
                           const std::vector<std::string>& rule_files) {
  Json tests = Json::array();
  for (const auto& alert : alerts) {
    tests.push_back(rule_test(alert, true));
    if (!alert.quiet.empty()) {
      tests.push_back(rule_test(alert, false));
    }
  }
  return yaml::write({{"rule_files", rule_files}, {"evaluation_interval", "1m"}, {"tests", tests}});
}

}  // namespace obsctl::observe
