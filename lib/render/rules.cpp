// Writes Prometheus rule files and their promtool tests from catalog rows.
#include <fmt/format.h>

#include <string_view>

#include "lib/base/text.hpp"
#include "lib/render/observe_parts.hpp"

namespace obsctl::observe {
namespace {

constexpr std::size_t k_comment_width = 96;

std::string comment(std::string_view text, std::size_t indent) {
  std::string out;
  for (const auto& line : split(trim(wrap(text, k_comment_width - indent, 0)), '\n')) {
    out += fmt::format("{:{}}# {}\n", "", indent, line);
  }
  return out;
}

// A YAML scalar on one line; expressions are full of double quotes, which single quotes leave
// readable.
std::string yaml_text(std::string_view text) {
  if (text.find('"') == std::string_view::npos) {
    return obsctl::quoted(text);
  }
  return fmt::format("'{}'", replace_all(std::string(text), "'", "''"));
}

// A key with a value that keeps its line breaks: an expression reads best as it was written.
std::string scalar(std::string_view key, std::string_view text, std::size_t indent) {
  if (text.find('\n') == std::string_view::npos) {
    return fmt::format("{:{}}{}: {}\n", "", indent, key, yaml_text(text));
  }
  std::string out = fmt::format("{:{}}{}: |-\n", "", indent, key);
  for (const auto& line : split(text, '\n')) {
    out += trim(line).empty() ? "\n" : fmt::format("{:{}}{}\n", "", indent + 2, line);
  }
  return out;
}

// Annotations are one line each: every receiver shows them differently, none shows YAML's line
// breaks.
std::string annotation(std::string_view key, std::string_view text) {
  return scalar(key, replace_all(std::string(text), "\n", " "), 10);
}

std::string alert_rule(const catalog::AlertRule& alert) {
  std::string out;
  if (!alert.note.empty()) {
    out += comment(alert.note, 6);
  }
  out += fmt::format("      - alert: {}\n", alert.name);
  out += scalar("expr", alert.expr, 8);
  if (!alert.hold.empty()) {
    out += fmt::format("        for: {}\n", alert.hold);
  }
  out += fmt::format("        labels:\n          severity: {}\n          component: {}\n",
                     name_of(alert.severity), alert.watches);
  out += "        annotations:\n";
  out += annotation("summary", alert.summary);
  out += annotation("description", alert.description);
  out += annotation("runbook", alert.runbook);
  return out;
}

std::string series(const std::vector<catalog::TestSeries>& input) {
  std::string out;
  for (const auto& one : input) {
    out += fmt::format("      - series: {}\n        values: {}\n", yaml_text(one.series),
                       yaml_text(one.values));
  }
  return out.empty() ? "    input_series: []\n" : "    input_series:\n" + out;
}

// The alert's state is read from Prometheus' own ALERTS series, so that a test does not repeat
// labels and annotations: those are checked where they are written.
std::string rule_test(const catalog::AlertRule& alert, bool fires) {
  std::string out = fmt::format("  - name: {} {}\n    interval: 1m\n", alert.name,
                                fires ? "fires" : "stays silent");
  out += series(fires ? alert.fires : alert.quiet);
  const std::string state =
      fires ? fmt::format(R"(count(ALERTS{{alertname="{}", alertstate="firing"}}) > bool 0)",
                          alert.name)
            : fmt::format(R"(ALERTS{{alertname="{}"}})", alert.name);
  out += fmt::format("    promql_expr_test:\n      - expr: {}\n        eval_time: {}\n",
                     yaml_text(state), alert.test_at);
  out += fires ? "        exp_samples:\n          - labels: '{}'\n            value: 1\n"
               : "        exp_samples: []\n";
  return out;
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
    out += comment(rule.doc, 6);
    out += fmt::format("      - record: {}\n", rule.name);
    out += scalar("expr", rule.expr, 8);
    if (!rule.labels.empty()) {
      out += "        labels:\n";
      for (const auto& [key, value] : rule.labels) {
        out += fmt::format("          {}: {}\n", key, obsctl::quoted(value));
      }
    }
  }
  return out;
}

std::string rule_test_file(const std::vector<catalog::AlertRule>& alerts,
                           const std::vector<std::string>& rule_files) {
  std::string out = "rule_files:\n";
  for (const auto& file : rule_files) {
    out += fmt::format("  - {}\n", obsctl::quoted(file));
  }
  out += "evaluation_interval: 1m\ntests:\n";
  for (const auto& alert : alerts) {
    out += rule_test(alert, true);
    if (!alert.quiet.empty()) {
      out += rule_test(alert, false);
    }
  }
  return out;
}

}  // namespace obsctl::observe
