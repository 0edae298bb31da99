// Alert and recording rules as data, from templates/catalog/{alerts,recording}.yaml.
//
// One row holds everything about an alert: when it fires, what a person reads, what they do about
// it, and the series that prove both that it fires and that it stays silent. The generated rule
// files, the runbook and the promtool tests are all made from these rows, so they cannot drift
// apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl::catalog {

// A series of a rule test in promtool's notation: `up{job="loki"}` and "1x10 0x20".
struct TestSeries {
  std::string series;
  std::string values;
};

struct AlertRule {
  std::string name;       // "CollectorDown"
  std::string group;      // one rule file per group: "collector" is rules/collector-alerts.yml
  std::string component;  // topology component it needs; the row is left out of stacks without it
  std::string watches;   // whose trouble it is, the label 'component'; usually the component itself
  std::string severity;  // critical, warning or none (the watchdog)
  std::string
      expr;  // PromQL; may contain [% … %] values, see rule_values() in lib/render/observe.hpp
  std::string hold;                // how long it must be true, "5m"; empty: fires at once
  std::string note;                // why the expression is as it is; empty when it is plain
  std::string summary;             // Prometheus template, one line
  std::string description;         // Prometheus template
  std::string runbook;             // what to do in a stack made by obsctl
  std::vector<std::string> seeds;  // requirement ids it covers (F01 …); empty: an addition
  std::string test_at;             // evaluation time of both tests, "30m"
  std::vector<TestSeries> fires;   // input that makes it fire at test_at
  std::vector<TestSeries>
      quiet;  // input that keeps it silent at test_at; empty for a watchdog only
};

struct RecordingRule {
  std::string name;  // "job:http_requests:rate5m"
  std::string group;
  std::string component;  // as in AlertRule
  std::string expr;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string doc;  // one line: what it is for
};

// All rows in the order of the file, whose [% … %] values must be filled in
// (lib/render/observe.hpp). Errors: unknown or missing keys, a name used twice, a severity that
// does not exist, an alert without a firing or without a silent test; each with file:line:column.
[[nodiscard]] Result<std::vector<AlertRule>> parse_alerts(std::string_view text,
                                                          const std::string& file);
[[nodiscard]] Result<std::vector<RecordingRule>> parse_recording_rules(std::string_view text,
                                                                       const std::string& file);

}  // namespace obsctl::catalog
