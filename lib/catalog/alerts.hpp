// SPDX-License-Identifier: Apache-2.0
// Alert and recording rules as data:
// templates/components/<name>/{alerts,alerts.test,recording}.yaml for what belongs to one
// component, templates/catalog/{alerts,recording}/*.yaml for the stack as a whole.
//
// One row holds everything about an alert: when it fires, what a person reads, what they do about
// it; the file of cases beside it has the series that prove both that it fires and that it stays
// silent. The generated rule files, the runbook and the promtool tests are all made from these
// rows, so they cannot drift apart.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"

namespace obsctl::catalog {

// A series of a rule test in promtool's notation: `up{job="loki"}` and "1x10 0x20".
struct TestSeries {
  std::string series;
  std::string values;
};

enum class AlertSeverity { critical, warning, none };  // none: the watchdog, which always fires

constexpr auto names_of(AlertSeverity) {
  return std::to_array<Named<AlertSeverity>>({{AlertSeverity::critical, "critical"},
                                              {AlertSeverity::warning, "warning"},
                                              {AlertSeverity::none, "none"}});
}

struct AlertRule {
  std::string name;       // "CollectorDown"
  std::string group;      // one rule file per group: "collector" is rules/collector-alerts.yml
  std::string component;  // topology component it needs; the row is left out of stacks without it
  std::string when;       // value that must be on, for example "sampled"; empty: always
  std::string watches;  // whose trouble it is, the label 'component'; usually the component itself
  AlertSeverity severity = AlertSeverity::warning;
  std::string expr;
  std::string hold;         // how long it must be true, "5m"; empty: fires at once
  std::string note;         // why the expression is as it is; empty when it is plain
  std::string summary;      // Prometheus template, one line
  std::string description;  // Prometheus template
  std::string runbook;      // what to do in a stack made by obsctl
  // Warnings about the same trouble, which say nothing more while this one fires.
  std::vector<std::string> outranks;
  SourcePos at;                   // the row
  std::string test_at;            // evaluation time of both tests, "30m"
  std::vector<TestSeries> fires;  // input that makes it fire at test_at
  // Input that keeps it silent at test_at; empty for a watchdog only.
  std::vector<TestSeries> quiet;
};

struct RecordingRule {
  std::string name;  // "job:http_requests:rate5m"
  std::string group;
  std::string component;  // as in AlertRule
  std::string when;       // as in AlertRule
  std::string expr;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string doc;  // one line: what it is for
  SourcePos at;
};

// The rows of one file. Several files may add to a group.
template <class Row>
struct RowFile {
  int order = 0;  // of the group among the others
  std::vector<Row> rows;
};

// A file whose [% … %] values are filled in, and the name for errors.
struct SourceText {
  std::string text;
  std::string file;
};

// Where a file lies: in the folder of a component, or among those of the stack (`component` is
// empty then, and the file names the one it needs). `group` is the name of its group unless the
// file has another.
struct RowOwner {
  std::string group;
  std::string component;
};

// Errors: unknown or missing keys, a name used twice, a severity that does not exist, an alert
// without a firing and a silent case, a case without an alert. All mistakes of a file are reported
// (Error::more), each with file:line:column.
[[nodiscard]] Result<RowFile<AlertRule>> parse_alerts(const SourceText& rules,
                                                      const SourceText& cases,
                                                      const RowOwner& owner);
[[nodiscard]] Result<RowFile<RecordingRule>> parse_recording_rules(const SourceText& rules,
                                                                   const RowOwner& owner);

// The rows of all files, groups in their order, each group in one piece. Files of the same order
// keep theirs. Errors: an alert that two files define.
[[nodiscard]] Result<std::vector<AlertRule>> join_alerts(std::vector<RowFile<AlertRule>> files);
[[nodiscard]] std::vector<RecordingRule> join_recording_rules(
    std::vector<RowFile<RecordingRule>> files);

// Components that rules select together, from templates/catalog/jobs.yaml.
struct JobList {
  enum class Others { none, watched, scraped };

  std::string name;
  std::vector<std::string> components;
  // Which components of a stack belong to it although it does not name them.
  Others others = Others::none;
};

constexpr auto names_of(JobList::Others) {
  using enum JobList::Others;
  return std::to_array<Named<JobList::Others>>(
      {{none, "none"}, {watched, "watched"}, {scraped, "scraped"}});
}

[[nodiscard]] Result<std::vector<JobList>> parse_job_lists(const SourceText& source);

}  // namespace obsctl::catalog
