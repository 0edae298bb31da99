// Parses the alert and recording rules, refusing rows that could not be tested or acted upon.
#include "lib/catalog/alerts.hpp"

#include <fmt/format.h>

#include <set>

#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl::catalog {
namespace {

// Folded and literal YAML scalars end in a newline that no generated file should carry.
Result<std::string> line_text(const yaml::Node& row, std::string_view key) {
  OBS_TRY_ASSIGN(const std::string text, row.text(key));
  return std::string(trim(text));
}

Result<std::vector<TestSeries>> parse_series(const yaml::Node& row, std::string_view key) {
  OBS_TRY_ASSIGN(const yaml::Node* node, row.require(key));
  std::vector<TestSeries> out;
  for (const auto& entry : node->entries) {
    if (!entry.value.is_scalar()) {
      return fail_at(entry.value.at, fmt::format("'{}' has no values", entry.key),
                     "write them as promtool does, for example '1x30'");
    }
    out.push_back({entry.key, entry.value.scalar});
  }
  return out;
}

Result<void> check_severity(const yaml::Node& row, const std::string& severity) {
  static const std::vector<std::string> k_severities = {"critical", "warning", "none"};
  for (const auto& known : k_severities) {
    if (severity == known) {
      return {};
    }
  }
  return fail_at(row.find("severity")->at, fmt::format("'{}' is not a severity", severity),
                 fmt::format("use one of {}", join(k_severities, ", ")));
}

Result<AlertRule> parse_alert(const yaml::Entry& entry, const std::string& group,
                              const std::string& group_component) {
  const yaml::Node& row = entry.value;
  OBS_TRY(row.only({"component", "severity", "expr", "for", "summary", "description", "runbook",
                    "note", "seeds", "test_at", "fires", "quiet"}));
  AlertRule out;
  out.name = entry.key;
  out.group = group;
  out.component = row.text_or("component", group_component);
  OBS_TRY_ASSIGN(out.severity, row.text("severity"));
  OBS_TRY(check_severity(row, out.severity));
  OBS_TRY_ASSIGN(out.expr, line_text(row, "expr"));
  out.note = std::string(trim(row.text_or("note", "")));
  out.hold = row.text_or("for", "");
  OBS_TRY_ASSIGN(out.summary, line_text(row, "summary"));
  OBS_TRY_ASSIGN(out.description, line_text(row, "description"));
  OBS_TRY_ASSIGN(out.runbook, line_text(row, "runbook"));
  if (const yaml::Node* seeds = row.find("seeds")) {
    for (const auto& seed : seeds->items) {
      out.seeds.push_back(seed.scalar);
    }
  }
  out.test_at = row.text_or("test_at", "30m");
  OBS_TRY_ASSIGN(out.fires, parse_series(row, "fires"));
  OBS_TRY_ASSIGN(out.quiet, parse_series(row, "quiet"));
  const bool watchdog = out.severity == "none";
  if (out.fires.empty() || out.quiet.empty() != watchdog) {
    return fail_at(
        entry.at, fmt::format("alert '{}' is not tested both ways", out.name),
        "'fires' and 'quiet' need a series each (a watchdog has nothing to keep it quiet)");
  }
  return out;
}

Result<RecordingRule> parse_record(const yaml::Node& row, const std::string& group,
                                   const std::string& group_component) {
  OBS_TRY(row.only({"record", "component", "expr", "labels", "doc"}));
  RecordingRule out;
  out.group = group;
  out.component = row.text_or("component", group_component);
  OBS_TRY_ASSIGN(out.name, row.text("record"));
  OBS_TRY_ASSIGN(out.expr, line_text(row, "expr"));
  OBS_TRY_ASSIGN(out.doc, line_text(row, "doc"));
  if (const yaml::Node* labels = row.find("labels")) {
    for (const auto& label : labels->entries) {
      out.labels.emplace_back(label.key, label.value.scalar);
    }
  }
  return out;
}

}  // namespace

Result<std::vector<AlertRule>> parse_alerts(std::string_view text, const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY_ASSIGN(const yaml::Node* groups, root.require("groups"));
  std::vector<AlertRule> out;
  std::set<std::string> names;
  for (const auto& group : groups->entries) {
    OBS_TRY(group.value.only({"component", "watches", "alerts"}));
    OBS_TRY_ASSIGN(const std::string component, group.value.text("component"));
    const std::string watches = group.value.text_or("watches", "");
    OBS_TRY_ASSIGN(const yaml::Node* rows, group.value.require("alerts"));
    for (const auto& entry : rows->entries) {
      OBS_TRY_ASSIGN(auto alert, parse_alert(entry, group.key, component));
      alert.watches = watches.empty() ? alert.component : watches;
      if (!names.insert(alert.name).second) {
        return fail_at(entry.at, fmt::format("alert '{}' is defined twice", alert.name));
      }
      out.push_back(std::move(alert));
    }
  }
  return out;
}

Result<std::vector<RecordingRule>> parse_recording_rules(std::string_view text,
                                                         const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY_ASSIGN(const yaml::Node* groups, root.require("groups"));
  std::vector<RecordingRule> out;
  for (const auto& group : groups->entries) {
    OBS_TRY(group.value.only({"component", "rules"}));
    OBS_TRY_ASSIGN(const std::string component, group.value.text("component"));
    OBS_TRY_ASSIGN(const yaml::Node* rows, group.value.require("rules"));
    for (const auto& row : rows->items) {
      OBS_TRY_ASSIGN(auto rule, parse_record(row, group.key, component));
      out.push_back(std::move(rule));
    }
  }
  return out;
}

}  // namespace obsctl::catalog
