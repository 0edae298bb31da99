// SPDX-License-Identifier: Apache-2.0
// Parses the alert and recording rules, refusing rows that could not be tested or acted upon.
#include "lib/catalog/alerts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/base/problems.hpp"
#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"
#include "lib/yaml/typed.hpp"

namespace obsctl::catalog {
namespace {

// A file without an order comes after all that have one.
constexpr int k_last = 1000;

// Folded and literal YAML scalars end in a newline that no generated file should carry.
Result<std::string> line_text(const yaml::Node& row, std::string_view key) {
  OBS_TRY_ASSIGN(const std::string text, row.text(key));
  return std::string(trim(text));
}

// The optional list of single values below `key`.
Result<std::vector<std::string>> texts(const yaml::Node& row, std::string_view key) {
  std::vector<std::string> out;
  const yaml::Node* list = row.find(key);
  if (list == nullptr) {
    return out;
  }
  for (const auto& item : list->items) {
    if (!item.is_scalar()) {
      return fail_at(item.at, fmt::format("'{}' must be a list of single values", key));
    }
    out.push_back(item.scalar);
  }
  return out;
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

struct Case {
  SourcePos at;
  std::string test_at;
  std::vector<TestSeries> fires;
  std::vector<TestSeries> quiet;
};

Result<Case> parse_case(const yaml::Entry& entry) {
  OBS_TRY(entry.value.only({"at", "fires", "quiet"}));
  Case out;
  out.at = entry.at;
  out.test_at = entry.value.text_or("at", "30m");
  OBS_TRY_ASSIGN(out.fires, parse_series(entry.value, "fires"));
  OBS_TRY_ASSIGN(out.quiet, parse_series(entry.value, "quiet"));
  return out;
}

// What the rows of a file have in common.
struct Header {
  std::string group;
  std::string component;
  std::string watches;
  int order = k_last;
};

Result<Header> parse_header(const yaml::Node& root, const RowOwner& owner, std::string_view rows) {
  std::vector<std::string> keys = {"group", "order", "watches", std::string(rows)};
  if (owner.component.empty()) {
    keys.emplace_back("component");
  }
  OBS_TRY(root.only(keys));
  Header out;
  out.group = root.text_or("group", owner.group);
  out.component = owner.component;
  if (owner.component.empty()) {
    OBS_TRY_ASSIGN(out.component, root.text("component"));
  }
  out.watches = root.text_or("watches", "");
  if (root.find("order") != nullptr) {
    OBS_TRY_ASSIGN(const double order, root.number("order"));
    out.order = static_cast<int>(order);
  }
  OBS_TRY(root.require(rows));
  return out;
}

Result<AlertRule> parse_alert(const yaml::Entry& entry, const Header& header) {
  const yaml::Node& row = entry.value;
  OBS_TRY(row.only({"component", "when", "severity", "expr", "for", "summary", "description",
                    "runbook", "note", "outranks"}));
  AlertRule out;
  out.name = entry.key;
  out.at = entry.at;
  out.group = header.group;
  out.component = row.text_or("component", header.component);
  out.when = row.text_or("when", "");
  out.watches = header.watches.empty() ? out.component : header.watches;
  OBS_TRY_ASSIGN(out.severity, read_choice<AlertSeverity>(row, "severity"));
  OBS_TRY_ASSIGN(out.expr, line_text(row, "expr"));
  out.note = std::string(trim(row.text_or("note", "")));
  out.hold = row.text_or("for", "");
  OBS_TRY_ASSIGN(out.summary, line_text(row, "summary"));
  OBS_TRY_ASSIGN(out.description, line_text(row, "description"));
  OBS_TRY_ASSIGN(out.runbook, line_text(row, "runbook"));
  if (const yaml::Node* others = row.find("outranks")) {
    for (const auto& other : others->items) {
      out.outranks.push_back(other.scalar);
    }
  }
  return out;
}

Result<void> add_case(AlertRule& alert, const Case& proof) {
  const bool watchdog = alert.severity == AlertSeverity::none;
  if (proof.fires.empty() || proof.quiet.empty() != watchdog) {
    return fail_at(
        proof.at, fmt::format("alert '{}' is not tested both ways", alert.name),
        "'fires' and 'quiet' need a series each (a watchdog has nothing to keep it quiet)");
  }
  alert.test_at = proof.test_at;
  alert.fires = proof.fires;
  alert.quiet = proof.quiet;
  return {};
}

Result<std::map<std::string, Case>> parse_cases(const SourceText& source) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file));
  Problems problems;
  std::map<std::string, Case> out;
  for (const auto& entry : root.entries) {
    problems.take(out[entry.key], parse_case(entry));
  }
  OBS_TRY(problems.done());
  return out;
}

Result<RecordingRule> parse_record(const yaml::Node& row, const Header& header) {
  OBS_TRY(row.only({"record", "component", "when", "expr", "labels", "doc"}));
  RecordingRule out;
  out.at = row.at;
  out.group = header.group;
  out.component = row.text_or("component", header.component);
  out.when = row.text_or("when", "");
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

template <class Row>
std::vector<Row> join_groups(std::vector<RowFile<Row>> files) {
  std::ranges::stable_sort(files, {}, &RowFile<Row>::order);
  std::vector<std::string> groups;
  std::map<std::string, std::vector<Row>> rows;
  for (auto& file : files) {
    for (auto& row : file.rows) {
      std::vector<Row>& group = rows[row.group];
      if (group.empty()) {
        groups.push_back(row.group);
      }
      group.push_back(std::move(row));
    }
  }
  std::vector<Row> out;
  for (const auto& group : groups) {
    std::ranges::move(rows[group], std::back_inserter(out));
  }
  return out;
}

Result<JobList> parse_job_list(const yaml::Entry& entry) {
  OBS_TRY(entry.value.only({"components", "others"}));
  JobList out;
  out.name = entry.key;
  OBS_TRY_ASSIGN(out.components, texts(entry.value, "components"));
  if (entry.value.find("others") != nullptr) {
    OBS_TRY_ASSIGN(out.others, read_choice<JobList::Others>(entry.value, "others"));
  }
  return out;
}

}  // namespace

Result<RowFile<AlertRule>> parse_alerts(const SourceText& rules, const SourceText& cases,
                                        const RowOwner& owner) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(rules.text, rules.file));
  OBS_TRY_ASSIGN(const Header header, parse_header(root, owner, "alerts"));
  Problems problems;
  std::map<std::string, Case> proofs;
  const bool proven = problems.take(proofs, parse_cases(cases));
  RowFile<AlertRule> out;
  out.order = header.order;
  for (const auto& entry : root.find("alerts")->entries) {
    AlertRule alert;
    const bool good = problems.take(alert, parse_alert(entry, header));
    const auto proof = proofs.find(entry.key);
    if (proof != proofs.end()) {
      if (good) {
        problems.check(add_case(alert, proof->second));
      }
      proofs.erase(proof);
    } else if (proven) {
      problems.add(fail_at(entry.at, fmt::format("alert '{}' has no test", entry.key),
                           fmt::format("{} needs a firing and a silent case for it", cases.file))
                       .value());
    }
    out.rows.push_back(std::move(alert));
  }
  for (const auto& [name, proof] : proofs) {
    problems.add(fail_at(proof.at, fmt::format("this tests no alert of {}: '{}'", rules.file, name),
                         "a case has the name of its alert")
                     .value());
  }
  OBS_TRY(problems.done());
  return out;
}

Result<RowFile<RecordingRule>> parse_recording_rules(const SourceText& rules,
                                                     const RowOwner& owner) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(rules.text, rules.file));
  OBS_TRY_ASSIGN(const Header header, parse_header(root, owner, "rules"));
  Problems problems;
  RowFile<RecordingRule> out;
  out.order = header.order;
  for (const auto& row : root.find("rules")->items) {
    problems.take(out.rows.emplace_back(), parse_record(row, header));
  }
  OBS_TRY(problems.done());
  return out;
}

Result<std::vector<AlertRule>> join_alerts(std::vector<RowFile<AlertRule>> files) {
  std::vector<AlertRule> out = join_groups(std::move(files));
  std::map<std::string, SourcePos> names;
  for (const auto& alert : out) {
    const auto [first, fresh] = names.emplace(alert.name, alert.at);
    if (!fresh) {
      return fail_at(alert.at, fmt::format("alert '{}' is defined twice", alert.name),
                     "it is also at " + first->second.str());
    }
  }
  for (const auto& alert : out) {
    for (const auto& other : alert.outranks) {
      if (!names.contains(other)) {
        return fail_at(
            alert.at,
            fmt::format("alert '{}' outranks '{}', which there is not", alert.name, other),
            "name the warning about the same trouble");
      }
    }
  }
  return out;
}

std::vector<RecordingRule> join_recording_rules(std::vector<RowFile<RecordingRule>> files) {
  return join_groups(std::move(files));
}

Result<std::vector<JobList>> parse_job_lists(const SourceText& source) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file));
  std::vector<JobList> out;
  for (const auto& entry : root.entries) {
    OBS_TRY_ASSIGN(auto list, parse_job_list(entry));
    out.push_back(std::move(list));
  }
  return out;
}

}  // namespace obsctl::catalog
