// Words and JSON of init's result; decides nothing.
#include "commands/init_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/size_output.hpp"
#include "lib/base/text.hpp"
#include "lib/base/units.hpp"
#include "lib/findings/print.hpp"
#include "lib/render/stack.hpp"
#include "lib/ui/diff.hpp"
#include "lib/ui/style.hpp"

namespace obsctl {
namespace {

using apply::Action;

std::string shown(const InitReport& report, const std::string& path) {
  return report.directory == "." ? path : report.directory + "/" + path;
}

std::string files(std::size_t n) {
  return fmt::format("{} {}", n, n == 1 ? "file" : "files");
}

// "34 files created, 2 updated": only what happened (or would happen).
std::string counts(const apply::Plan& plan) {
  std::vector<std::string> parts;
  const std::pair<Action, const char*> k_words[] = {
      {Action::create, "created"},      {Action::update, "updated"},
      {Action::remove, "removed"},      {Action::conflict, "in conflict"},
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
    case Action::update: return Style::yellow;
    case Action::remove:
    case Action::conflict: return Style::red;
    case Action::unchanged:
    case Action::keep: return Style::dim;
  }
  return Style::dim;
}

std::string plan_text(const InitReport& report, bool everything, bool color) {
  std::string out;
  for (const auto& change : report.plan.changes) {
    const bool quiet = change.action == Action::unchanged || change.action == Action::keep;
    if (quiet && !everything) {
      continue;
    }
    out += "  " +
           style(style_of(change.action), fmt::format("{:<9}", action_name(change.action)), color);
    out += " " + change.path;
    out += change.reason.empty() ? "" : fmt::format("  ({})", change.reason);
    const auto wanted = report.wanted.find(change.path);
    const bool known = wanted != report.wanted.end() && !wanted->second.origin.empty();
    out += everything && known ? style(Style::dim, "  from " + wanted->second.origin, color) + "\n"
                               : "\n";
  }
  return out;
}

std::string secret_line(const apply::Change& change) {
  return fmt::format("secret '{}': {} (content not shown)\n", change.path,
                     action_name(change.action));
}

// What would change, and for conflicts what --force would do; secrets never.
std::string diff_text(const InitReport& report, bool color) {
  std::string out;
  for (const auto& change : report.plan.changes) {
    if (change.action == Action::unchanged || change.action == Action::keep) {
      continue;
    }
    const auto wanted = report.wanted.find(change.path);
    const auto disk = report.disk.find(change.path);
    if (wanted != report.wanted.end() && wanted->second.secret) {
      out += secret_line(change);
      continue;
    }
    std::optional<std::string_view> before;
    std::optional<std::string_view> after;
    if (disk != report.disk.end()) {
      before = disk->second.bytes;
    }
    if (wanted != report.wanted.end()) {
      after = wanted->second.bytes;
    }
    const std::string diff = unified_diff(change.path, before, after, color);
    out += diff.empty() ? fmt::format("mode of '{}' changes\n", change.path) : diff;
  }
  return out;
}

std::vector<std::string> next_commands(const InitReport& report) {
  std::vector<std::string> out;
  if (report.directory != ".") {
    out.push_back("cd " + (report.directory.find_first_of(" '\"$\\") == std::string::npos
                               ? report.directory
                               : shell_quoted(report.directory)));
  }
  const Runbook& runbook = report.runbook;
  out.push_back(runbook.apply);
  const bool new_certificate = std::ranges::any_of(report.plan.changes, [](const auto& change) {
    return change.path == stack_paths::tls_certificate && change.action == Action::update;
  });
  const Provider* receiver = report.topology.provider("telemetry.in");
  if (new_certificate && !report.fresh && receiver != nullptr) {  // it is read at start only
    out.push_back(runbook.restart(receiver->component));
  }
  return out;
}

// "Grafana  http://127.0.0.1:3000 (login admin, password in secrets/grafana.env)": where a person
// looks at the stack; empty when nothing is published.
std::string dashboards_line(const InitReport& report) {
  const Topology& topology = report.topology;
  const Port* port = topology.port_of("dashboards.view");
  if (port == nullptr || port->host == 0) {
    return {};
  }
  const Provider* view = topology.provider("dashboards.view");
  const Component* component = topology.find(view->component);
  std::string out = fmt::format("  {}  http://{}", view->title, port->reached_at());
  const auto password = std::ranges::find_if(
      component->secrets, [](const SecretUse& use) { return !use.environment.empty(); });
  if (!port->login().empty() && password != component->secrets.end()) {
    out +=
        fmt::format(" ({}, password in {})", port->login(), shown(report, password->environment));
  }
  const std::string open = report.runbook.open(*component, *port);
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

std::string summary(const InitReport& report, bool verbose, bool color) {
  std::string out;
  if (!report.plan.changes_something()) {
    return fmt::format("{} is up to date: {}\n", report.directory, counts(report.plan));
  }
  out += fmt::format("{}: {} tier, {}: {}\n", style(Style::bold, report.directory, color),
                     report.spec.tier, report.spec.target, counts(report.plan));
  if (!report.fresh || verbose) {
    out += plan_text(report, verbose, color);
  }
  out += plan_line(report.sizing);
  out += report.fresh ? dashboards_line(report) : "";
  for (const auto& note : report.notes) {
    out += fmt::format("  note: {}\n", note);
  }
  out += report.fresh ? "\nNext:\n" : "\nApply it:\n";
  for (const auto& command : next_commands(report)) {
    out += "  " + command + "\n";
  }
  return out;
}

std::string text(Context& context, const InitOptions& options, const InitReport& report) {
  const bool color = context.color_out();
  if (options.diff) {
    return diff_text(report, color);
  }
  if (options.dry_run) {
    std::string out = plan_text(report, context.global.verbose > 0, color);
    for (const auto& note : report.notes) {
      out += fmt::format("  note: {}\n", note);
    }
    return out + fmt::format("{}: would be {}; nothing has been written\n", report.directory,
                             counts(report.plan));
  }
  return report.written ? summary(report, context.global.verbose > 0, color)
                        : plan_text(report, false, color);
}

std::string json(const InitOptions& options, const InitReport& report) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  nlohmann::ordered_json secrets = nlohmann::ordered_json::array();
  for (const auto& change : report.plan.changes) {
    nlohmann::ordered_json row = {{"path", change.path}, {"action", action_name(change.action)}};
    if (!change.reason.empty()) {
      row["reason"] = change.reason;
    }
    const auto wanted = report.wanted.find(change.path);
    if (wanted != report.wanted.end() && wanted->second.secret) {
      row["secret"] = true;
      secrets.push_back(change.path);
    }
    list.push_back(std::move(row));
  }
  nlohmann::ordered_json tally;
  for (const Action action : {Action::create, Action::update, Action::unchanged, Action::keep,
                              Action::remove, Action::conflict}) {
    tally[std::string(action_name(action))] = report.plan.count(action);
  }
  nlohmann::ordered_json root = {{"schema", "obsctl.init/v1"},
                                 {"directory", report.directory},
                                 {"spec", shown(report, stack_paths::spec)},
                                 {"tier", report.spec.tier},
                                 {"target", report.spec.target},
                                 {"written", report.written},
                                 {"counts", std::move(tally)},
                                 {"files", std::move(list)},
                                 {"secrets", std::move(secrets)},
                                 {"notes", report.notes},
                                 {"sizing",
                                  {{"profile", report.spec.profile},
                                   {"spans_per_second", report.sizing.load.spans.value},
                                   {"series", report.sizing.load.series.value},
                                   {"lines_per_second", report.sizing.load.lines.value},
                                   {"cores", report.sizing.cpus.value},
                                   {"memory_gb", report.sizing.memory.value},
                                   {"disk_gb", report.sizing.disk.value}}},
                                 {"does_not_fit", findings_json(report.findings)},
                                 {"next", next_commands(report)}};
  if (options.diff) {
    root["diff"] = diff_text(report, false);
  }
  return root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

void tell_findings(Context& context, const InitOptions& options, const InitReport& report) {
  if (options.output == "json") {
    return;
  }
  for (const auto& finding : report.findings) {
    const bool error = finding.severity == Severity::error;
    context.terminal.err(fmt::format("obsctl: {}: {}\n  hint: {}\n",
                                     error ? "does not fit" : "warning", finding.message,
                                     finding.hint));
  }
}

void print_report(Context& context, const InitOptions& options, const InitReport& report) {
  if (options.output == "json") {
    context.terminal.out(json(options, report));
  } else if (!context.global.quiet || options.diff || options.dry_run) {
    context.terminal.out(text(context, options, report));
  }
}

}  // namespace obsctl
