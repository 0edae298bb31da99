// SPDX-License-Identifier: Apache-2.0
// Puts what watches the stack into the tree: rules with their tests, and dashboards.
#include "lib/render/observe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/render/observe_parts.hpp"

namespace obsctl {
namespace {

// The rows of one group after another, each group its own file.
template <class Row, class Emit>
void add_groups(FileTree& tree, const std::vector<Row>& rows, const Emit& emit) {
  for (auto first = rows.begin(); first != rows.end();) {
    const auto last = std::find_if(first, rows.end(),
                                   [&first](const Row& row) { return row.group != first->group; });
    emit(tree, first->group, std::vector<Row>(first, last));
    first = last;
  }
}

void add_file(FileTree& tree, std::string path, std::string bytes, std::string origin) {
  tree[std::move(path)] = GeneratedFile{.bytes = std::move(bytes), .origin = std::move(origin)};
}

std::string rule_header(std::string_view what) {
  return fmt::format(
      "# {} of this stack, generated from obsctl's catalog.\n"
      "# Rules of your own belong into files of your own; OPERATIONS.md says where.\n",
      what);
}

std::string alert_rules_file(const std::string& group) {
  return group + "-alerts.yml";
}
std::string recording_rules_file(const std::string& group) {
  return group + "-recording.yml";
}

// The rule files that a test of these alerts has to load: their own, and those of the recorded
// series that they read. Loading all of them would make promtool evaluate every rule in every case.
std::vector<std::string> needed_rule_files(const std::string& group,
                                           const std::vector<catalog::AlertRule>& alerts,
                                           const std::vector<catalog::RecordingRule>& records) {
  std::vector<std::string> out = {"../rules/" + alert_rules_file(group)};
  for (const auto& record : records) {
    const bool read = std::ranges::any_of(alerts, [&record](const auto& alert) {
      return alert.expr.find(record.name) != std::string::npos;
    });
    std::string file = "../rules/" + recording_rules_file(record.group);
    if (read && std::ranges::find(out, file) == out.end()) {
      out.push_back(std::move(file));
    }
  }
  return out;
}

// A folder of a component's generated files, relative to the generated directory.
std::string folder_of(const Words& words, const Component& component, const std::string& folder) {
  return fmt::format("{}/{}/{}", words.configs, component.name, folder);
}

std::string rule_test_header(const Words& words, const std::string& group,
                             const Component& component) {
  return fmt::format(
      "# A firing and a silent case for every alert of {}/{}. After a change there:\n"
      "#   {} promtool test rules {}/{}/{}_test.yml\n",
      component.configs.rules, alert_rules_file(group), words.runbook.exec(component.name),
      component.configs.mount, component.configs.rule_tests, group);
}

void add_rules(FileTree& tree, const Words& words, const Watch& watch, const Component& component) {
  const std::string rules = folder_of(words, component, component.configs.rules) + "/";
  const std::string tests = folder_of(words, component, component.configs.rule_tests) + "/";
  add_groups(tree, watch.alerts, [&](FileTree& out, const std::string& group, const auto& rows) {
    const std::string& origin = rows.front().at.file;
    add_file(out, rules + alert_rules_file(group),
             rule_header(fmt::format("Alerts ({})", group)) + observe::alert_file(rows), origin);
    add_file(out, tests + group + "_test.yml",
             rule_test_header(words, group, component) +
                 observe::rule_test_file(rows, needed_rule_files(group, rows, watch.records)),
             origin);
  });
  add_groups(tree, watch.records, [&](FileTree& out, const std::string& group, const auto& rows) {
    add_file(
        out, rules + recording_rules_file(group),
        rule_header(fmt::format("Recording rules ({})", group)) + observe::recording_file(rows),
        rows.front().at.file);
  });
}

void add_dashboards(FileTree& tree, const Watch& watch, const std::string& folder) {
  const observe::Surroundings stack = observe::surroundings_of(watch);
  for (const auto& dashboard : watch.dashboards) {
    add_file(tree, fmt::format("{}/{}.json", folder, dashboard.uid),
             observe::dashboard_json(dashboard, stack), dashboard.file);
  }
}

}  // namespace

void add_observability(FileTree& tree, const Topology& topology, const Words& words,
                       const Watch& watch) {
  for (const auto& component : topology.components) {
    if (!component.configs.rules.empty()) {
      add_rules(tree, words, watch, component);
    }
    if (!component.configs.dashboards.empty()) {
      add_dashboards(tree, watch, folder_of(words, component, component.configs.dashboards));
    }
  }
}

}  // namespace obsctl
