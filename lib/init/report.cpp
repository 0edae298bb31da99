// SPDX-License-Identifier: Apache-2.0
// Words and JSON of init's result; decides nothing.
#include "lib/init/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/findings/print.hpp"
#include "lib/stack/endpoints.hpp"
#include "lib/stack/paths.hpp"
#include "lib/ui/diff.hpp"
#include "lib/ui/style.hpp"

namespace obsctl::init {
namespace {

using apply::Action;

std::string shown(const Prepared& prepared, const std::string& path) {
  return prepared.shown_directory == "." ? path : prepared.shown_directory + "/" + path;
}

std::string files(std::size_t n) {
  return fmt::format("{} {}", n, n == 1 ? "file" : "files");
}

// "34 files created, 2 updated": only what happened (or would happen).
std::string counts(const apply::Plan& plan) {
  std::vector<std::string> parts;
  const std::pair<Action, const char*> k_words[] = {
      {Action::create, "created"},      {Action::update, "updated"},
      {Action::merge, "merged"},        {Action::beside, "written beside"},
      {Action::remove, "removed"},      {Action::conflict, "not written"},
      {Action::release, "left to you"}, {Action::wait, "waiting for you"},
      {Action::unchanged, "unchanged"}, {Action::keep, "kept"}};
  for (const auto& [action, word] : k_words) {
    if (const std::size_t n = plan.count(action); n > 0) {
      parts.push_back(fmt::format("{} {}", parts.empty() ? files(n) : fmt::to_string(n), word));
    }
  }
  return join(parts, ", ");
}

Style style_of(Action action) {
  switch (action) {
    case Action::create: return Style::green;
    case Action::update:
    case Action::merge:
    case Action::release:
    case Action::wait: return Style::yellow;
    case Action::beside:
    case Action::remove:
    case Action::conflict: return Style::red;
    case Action::unchanged:
    case Action::keep: return Style::dim;
  }
  return Style::dim;
}

bool stays(const apply::Change& change) {
  return change.action == Action::unchanged || change.action == Action::keep;
}

const GeneratedFile* file_at(const FileTree& tree, const std::string& path) {
  const auto found = tree.find(path);
  return found == tree.end() ? nullptr : &found->second;
}

// What is to be at a path; null for a file that goes, and for one that lies beside another.
const GeneratedFile* wanted_at(const Prepared& prepared, const std::string& path) {
  return file_at(prepared.wanted, path);
}

std::string plan_text(const Prepared& prepared, const ReportOptions& options) {
  std::string out;
  for (const auto& change : prepared.plan.changes) {
    if (stays(change) && !options.everything) {
      continue;
    }
    out += "  " + style(style_of(change.action), fmt::format("{:<9}", action_name(change.action)),
                        options.color);
    out += " " + change.path;
    out += change.reason.empty() ? "" : fmt::format("  ({})", change.reason);
    const GeneratedFile* wanted = wanted_at(prepared, change.path);
    if (options.everything && wanted != nullptr && !wanted->origin.empty()) {
      out += style(Style::dim, "  from " + wanted->origin, options.color);
    }
    out += "\n";
  }
  return out;
}

// The difference that a change makes. What lies beside a file is shown against that file, because
// that is what a person has to look at.
std::string diff_of(const Prepared& prepared, const apply::Change& change, bool color) {
  std::optional<std::string_view> before;
  std::optional<std::string_view> after;
  const std::string compared =
      change.action == Action::beside ? apply::beside_of(change.path) : change.path;
  if (const auto disk = prepared.disk.find(compared); disk != prepared.disk.end()) {
    before = disk->second.bytes;
  }
  if (const GeneratedFile* written = file_at(prepared.plan.files, change.path)) {
    after = written->bytes;
  }
  const std::string diff = unified_diff(change.path, before, after, color);
  return diff.empty() ? fmt::format("mode of '{}' changes\n", change.path) : diff;
}

// What would change; secrets never.
std::string diff_text(const Prepared& prepared, bool color) {
  std::string out;
  for (const auto& change : prepared.plan.changes) {
    if (!apply::writes(change.action) && change.action != Action::remove) {
      continue;
    }
    const GeneratedFile* wanted = wanted_at(prepared, change.path);
    out += wanted != nullptr && wanted->secret
               ? fmt::format("secret '{}': {} (content not shown)\n", change.path,
                             action_name(change.action))
               : diff_of(prepared, change, color);
  }
  return out;
}

std::vector<std::string> next_commands(const Prepared& prepared) {
  std::vector<std::string> out;
  const std::string& directory = prepared.shown_directory;
  if (directory != ".") {
    const bool plain = directory.find_first_of(" '\"$\\") == std::string::npos;
    out.push_back("cd " + (plain ? directory : shell_quoted(directory)));
  }
  const Runbook& runbook = prepared.stack.words.runbook;
  const Transition& transition = prepared.transition;
  out.insert(out.end(), transition.first.begin(), transition.first.end());
  out.push_back(transition.leftovers ? runbook.apply_all : runbook.apply);
  return out;
}

// "Grafana  http://localhost:3000 (login admin, password in secrets/grafana.env)": where a person
// looks at the stack; empty when nothing is published.
std::string dashboards_line(const Prepared& prepared) {
  const Topology& topology = prepared.stack.topology;
  const auto endpoint = stack::endpoint_of(topology, "dashboards.view");
  if (!endpoint) {
    return {};
  }
  const Provider* view = topology.provider("dashboards.view");
  const Component* component = topology.find(view->component);
  const Port* port = topology.port(endpoint->port);
  std::string out = fmt::format("  {}  {}", view->title, endpoint->url());
  const auto password = std::ranges::find_if(
      component->secrets, [](const SecretUse& use) { return !use.environment.empty(); });
  if (!port->login().empty() && password != component->secrets.end()) {
    out +=
        fmt::format(" ({}, password in {})", port->login(), shown(prepared, password->environment));
  }
  const std::string open = prepared.stack.words.runbook.open(*component, *port);
  return out + (open.empty() ? "\n" : fmt::format(", while this runs: {}\n", open));
}

// "5k/s spans, 100k series, 5k/s log records (assumed: tier small)": what the stack was sized for.
std::string sized_for(const sizing::Load& load) {
  const std::string out =
      fmt::format("{} spans, {} series, {} log records", human_rate({load.spans.value}),
                  human_count(load.series.value), human_rate({load.lines.value}));
  return load.rates_assumed() ? fmt::format("{} (assumed: {})", out, load.spans.source) : out;
}

std::string plan_line(const sizing::SizingReport& sizing) {
  return fmt::format("  sized for {}: {:.3g} cores, {} of memory, {} of disk\n",
                     sized_for(sizing.load), sizing.cpus.value,
                     human_bytes(Bytes::from_gb(sizing.memory.value)),
                     human_bytes(Bytes::from_gb(sizing.disk.value)));
}

// What becomes of traces: who looks for one later should know whether it was kept.
std::string kept_line(const StackSpec& spec, const sizing::Load& load) {
  const TraceSpec& traces = spec.traces;
  if (traces.keep.value >= 1) {
    return "  keeps every trace\n";
  }
  const std::string below =
      traces.keep_all_below.per_second > 0
          ? fmt::format("all others up to {} spans, ", human_rate(traces.keep_all_below))
          : "";
  return fmt::format(
      "  keeps traces with errors, slow ones ({} and more), {}{} of the rest: "
      "{:.0f} % of {} spans\n",
      print_duration(traces.slow_threshold), below, print_share(traces.keep), load.kept.value * 100,
      human_rate({load.spans.value}));
}

std::string forward_line(const StackSpec& spec) {
  return spec.forward.url.empty() ? ""
                                  : fmt::format("  sends a copy of them to {}\n", spec.forward.url);
}

std::string note_text(const Note& note, const SettingsText& typed) {
  if (note.settings.empty()) {
    return note.text;
  }
  return fmt::format("{}: {} {}", note.text, typed(note.settings), note.effect);
}

std::string notes_text(const Prepared& prepared, const ReportOptions& options) {
  std::string out;
  for (const auto& note : prepared.notes) {
    out += fmt::format("  note: {}\n", note_text(note, options.typed));
  }
  return out;
}

std::string summary(const Prepared& prepared, const ReportOptions& options) {
  const std::string& directory = prepared.shown_directory;
  if (!prepared.plan.changes_something()) {
    return fmt::format("{}{}: {}\n{}", directory, prepared.partial() ? "" : " is up to date",
                       counts(prepared.plan), plan_text(prepared, options));
  }
  const StackSpec& spec = prepared.stack.spec;
  std::string out =
      fmt::format("{}: {} tier, {}: {}\n", style(Style::bold, directory, options.color), spec.tier,
                  spec.target, counts(prepared.plan));
  if (!prepared.fresh || options.everything) {
    out += plan_text(prepared, options);
  }
  out += plan_line(prepared.stack.report);
  out += kept_line(prepared.stack.spec, prepared.stack.report.load);
  out += forward_line(prepared.stack.spec);
  out += prepared.fresh ? dashboards_line(prepared) : "";
  out += notes_text(prepared, options);
  out += prepared.fresh ? "\nNext:\n" : "\nApply it:\n";
  for (const auto& command : next_commands(prepared)) {
    out += "  " + command + "\n";
  }
  return out;
}

using Json = nlohmann::ordered_json;

Json files_json(const Prepared& prepared) {
  Json out = Json::array();
  for (const auto& change : prepared.plan.changes) {
    Json row = {{"path", change.path}, {"action", action_name(change.action)}};
    if (!change.reason.empty()) {
      row["reason"] = change.reason;
    }
    if (const auto* wanted = wanted_at(prepared, change.path); wanted && wanted->secret) {
      row["secret"] = true;
    }
    out.push_back(std::move(row));
  }
  return out;
}

Json secrets_json(const Prepared& prepared) {
  Json out = Json::array();
  for (const auto& change : prepared.plan.changes) {
    if (const auto* wanted = wanted_at(prepared, change.path); wanted && wanted->secret) {
      out.push_back(change.path);
    }
  }
  return out;
}

Json counts_json(const apply::Plan& plan) {
  Json out;
  for (const Action action : apply::k_actions) {
    out[std::string(action_name(action))] = plan.count(action);
  }
  return out;
}

Json sizing_json(const stack::Stack& stack) {
  const sizing::SizingReport& report = stack.report;
  return {{"profile", stack.spec.profile},      {"spans_per_second", report.load.spans.value},
          {"series", report.load.series.value}, {"lines_per_second", report.load.lines.value},
          {"cores", report.cpus.value},         {"memory_gb", report.memory.value},
          {"disk_gb", report.disk.value}};
}

}  // namespace

std::string report_text(const Prepared& prepared, const ReportOptions& options) {
  switch (options.view) {
    case View::diff: return diff_text(prepared, options.color);
    case View::plan:
      return plan_text(prepared, options) + notes_text(prepared, options) +
             fmt::format("{}: would be {}; nothing has been written\n", prepared.shown_directory,
                         counts(prepared.plan));
    case View::summary: break;
  }
  return prepared.written ? summary(prepared, options) : plan_text(prepared, options);
}

std::string report_json(const Prepared& prepared, const ReportOptions& options) {
  Json notes = Json::array();
  for (const auto* group : {&prepared.origins, &prepared.notes}) {
    for (const auto& note : *group) {
      notes.push_back(note_text(note, options.typed));
    }
  }
  Json root = {{"schema", "obsctl.init/v1"},
               {"directory", prepared.shown_directory},
               {"spec", shown(prepared, stack_paths::spec)},
               {"tier", prepared.stack.spec.tier},
               {"target", prepared.stack.spec.target},
               {"written", prepared.written},
               {"counts", counts_json(prepared.plan)},
               {"files", files_json(prepared)},
               {"secrets", secrets_json(prepared)},
               {"notes", std::move(notes)},
               {"sizing", sizing_json(prepared.stack)},
               {"does_not_fit", findings_json(prepared.findings)},
               {"next", next_commands(prepared)}};
  if (options.view == View::diff) {
    root["diff"] = diff_text(prepared, false);
  }
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string partial_text(const Prepared& prepared) {
  const std::size_t n = prepared.plan.count(Action::beside) + prepared.plan.count(Action::conflict);
  std::string out = fmt::format("obsctl: {} a person; everything else {}\n",
                                n == 1 ? "1 file needs" : fmt::format("{} files need", n),
                                prepared.written ? "has been written" : "would be written");
  std::string beside;
  for (const auto& change : prepared.plan.changes) {
    if (change.action == Action::beside || change.action == Action::conflict) {
      out += fmt::format("  {}  ({})\n", change.path, change.reason);
    }
    if (change.action == Action::beside && beside.empty()) {
      beside = shown(prepared, apply::beside_of(change.path));
    }
  }
  if (!beside.empty()) {
    out += fmt::format(
        "  hint: 'diff -u {0} {0}.new' shows what is new; take over what you need, "
        "then delete the .new file; --force replaces your file instead\n",
        beside);
  }
  return out;
}

}  // namespace obsctl::init
