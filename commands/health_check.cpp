// SPDX-License-Identifier: Apache-2.0
// `obsctl health check`: flags, the call of lib/health, and what is printed.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "commands/health.hpp"
#include "commands/health_flags.hpp"
#include "lib/base/text.hpp"
#include "lib/bundle/bundle.hpp"
#include "lib/findings/print.hpp"
#include "lib/health/list.hpp"
#include "lib/health/wait.hpp"
#include "lib/io/signals.hpp"
#include "lib/probe/alert.hpp"
#include "lib/probe/probe.hpp"

namespace obsctl {
namespace {

// Together with a check of four seconds it takes less than a hundredth of a core.
constexpr Duration k_watch_pause = {20};

constexpr const char* k_description =
    "Asks every component of a running stack at once, twice where rates matter, and judges the "
    "answers. It prints the verdict first, then only what is not well: what was read, why that "
    "happens and what to do about it, and where the telemetry of each signal goes. It changes "
    "nothing; only --probe sends something: one span, one data point and one log record over each "
    "protocol, of the service obsctl-health, and --probe=alert an alert that says that it is a test "
    "to everybody who is notified of alerts.\n\n"
    "Without flags it checks the stack of this or a parent directory. --endpoint names programs that "
    "obsctl did not generate; what cannot be asked of them is skipped.\n\n"
    "What could not be read is 'unknown', never ok. A check that makes no sense while another one "
    "fails is skipped. --only and --skip take the id of a check, a category or a component, and may "
    "be repeated; what a selected check needs is checked too, and shown if it fails.\n\n"
    "--bundle also writes a support archive: what was read, the report, the configuration and the "
    "end of each log, with REDACTED in the place of secrets. --from judges such an archive anywhere.\n\n"
    "The exit code is the same in every format but nagios, which has the codes of plugins: 0 OK, "
    "1 WARNING, 2 CRITICAL, 3 UNKNOWN.";

// A file has no colours, whatever the terminal beside it can show.
bool colored(const Context& context, const HealthFlags& flags) {
  return !flags.to && context.color_out();
}

health::TextOptions text_options(const Context& context, const HealthFlags& flags) {
  return {.all = flags.all,
          .color = colored(context, flags),
          .width = static_cast<std::size_t>(std::clamp(context.terminal.width(), 60, 120))};
}

std::string printed(const Context& context, const HealthFlags& flags,
                    const health::Report& report) {
  const CheckInfo info{.name = "health", .version = OBSCTL_VERSION};
  switch (flags.output) {
    case HealthFormat::brief: return health::report_short(report);
    case HealthFormat::json: return json_text(health::report_json(report));
    case HealthFormat::nagios: return health::report_nagios(report, flags.fail_on);
    case HealthFormat::exposition: return health::report_exposition(report);
    case HealthFormat::junit: return findings_junit(health::findings_of(report), info);
    case HealthFormat::github: return findings_github(health::findings_of(report));
    case HealthFormat::sarif: return findings_sarif(health::findings_of(report), info);
    case HealthFormat::text: break;
  }
  return health::report_text(report, text_options(context, flags));
}

// Who reads the file, such as node_exporter, finds the last result or this one, never a part.
Result<void> put_out(Context& context, const HealthFlags& flags, const std::string& text) {
  if (flags.to) {
    return context.files.write_atomic(context.environment.directory / *flags.to, text, 0644);
  }
  context.terminal.out(text);
  return {};
}

int print_list(Context& context, const HealthFlags& flags, const health::Subject& subject) {
  context.terminal.out(flags.output == HealthFormat::json
                           ? json_text(health::checks_json(subject))
                           : health::checks_text(subject, context.color_out()));
  return exit_code::ok;
}

// On a terminal each report takes the place of the last one; elsewhere lines are appended.
Result<int> watch(Context& context, const HealthFlags& flags, const health::CheckRun& run) {
  const bool redraw = context.terminal.out_is_terminal();
  health::Appended appended;
  const auto show = [&](const health::Report& report) {
    context.terminal.out(
        redraw ? health::redrawn(health::report_table(report, text_options(context, flags)))
               : appended.lines(report));
    static_cast<void>(context.terminal.flush());
  };
  OBS_TRY(health::watch(context.clock, context.stop, k_watch_pause, run, show));
  // To be stopped is how watching ends, not a failure.
  return exit_code::ok;
}

// Adds the results to the report; gives what a person reads about them.
Result<std::string> probe_telemetry(Context& context, const health::Subject& subject,
                                    const HealthFlags& flags, health::Report& report) {
  health::ProbeOptions options{.receivers = {}, .within = flags.within};
  OBS_TRY_ASSIGN(options.receivers, health::probe_receivers(context.files, subject, {}));
  context.note("obsctl: the probe is on its way");
  OBS_TRY_ASSIGN(const health::ProbeReport probed,
                 health::probe(services_of(context), subject, options));
  std::ranges::move(health::probe_checks(probed), std::back_inserter(report.results));
  return health::probe_text(probed, colored(context, flags));
}

Result<std::string> probe_alert(Context& context, const health::Subject& subject,
                                const HealthFlags& flags, health::Report& report) {
  context.note("obsctl: a test alert is on its way");
  OBS_TRY_ASSIGN(const health::AlertReport probed,
                 health::probe_alert(services_of(context), subject, {.within = flags.within}));
  std::ranges::move(health::alert_checks(probed), std::back_inserter(report.results));
  return health::alert_text(probed, colored(context, flags));
}

// Before anything is asked: what cannot be written must not be found out after a long check.
Result<void> check_bundle(Context& context, const HealthFlags& flags) {
  if (!flags.bundle) {
    return {};
  }
  const auto file = context.environment.directory / *flags.bundle;
  if (context.files.exists(file) && !flags.force) {
    return fail(Code::usage, fmt::format("'{}' is there already", *flags.bundle),
                "--force replaces it; or name another file");
  }
  auto writable = context.files.check_writable(file);
  if (!writable && writable.error().code == Code::missing) {
    return Failure(std::move(writable).error().with_hint(
        fmt::format("make that folder (`mkdir -p {}`), or name a file in one that is there",
                    shell_quoted(std::filesystem::path(*flags.bundle).parent_path().string()))));
  }
  return writable;
}

Result<void> write_bundle(Context& context, const HealthFlags& flags,
                          const health::Subject& subject, const health::Report& report) {
  constexpr FileMode k_mode = 0600;  // it says much about the stack
  OBS_TRY_ASSIGN(const std::string bytes,
                 bundle::support_archive(services_of(context), subject, report, OBSCTL_VERSION));
  OBS_TRY(context.files.write_atomic(context.environment.directory / *flags.bundle, bytes, k_mode));
  context.note(fmt::format("obsctl: wrote the support archive '{}' ({})", *flags.bundle,
                           human_bytes({static_cast<double>(bytes.size())})));
  return {};
}

// `below` is only for people.
Result<int> print_report(Context& context, const HealthFlags& flags, const health::Report& report,
                         const std::string& below = {}) {
  OBS_TRY(
      put_out(context, flags,
              printed(context, flags, report) + (flags.output == HealthFormat::text ? below : "")));
  return flags.output == HealthFormat::nagios ? health::nagios_exit_code(report, flags.fail_on)
                                              : health::exit_code_of(report, flags.fail_on);
}

Result<int> judge_recorded(Context& context, const HealthFlags& flags) {
  OBS_TRY_ASSIGN(Recorded recorded, open_recorded(services_of(context), flags.subject));
  OBS_TRY(health::select(recorded.subject, flags.selection));
  if (flags.list) {
    return print_list(context, flags, recorded.subject);
  }
  health::Report report = bundle::judged(recorded.recording, recorded.subject);
  health::keep_selected(report, flags.selection);
  return print_report(context, flags, report);
}

Result<int> checked(Context& context, const HealthFlags& flags) {
  OBS_TRY(check_flags(flags));
  if (flags.subject.from) {
    return judge_recorded(context, flags);
  }
  const health::Services services = services_of(context);
  OBS_TRY_ASSIGN(health::Subject subject, open_subject(services, flags.subject));
  OBS_TRY(health::select(subject, flags.selection));
  if (flags.list) {
    return print_list(context, flags, subject);
  }
  OBS_TRY(check_bundle(context, flags));
  const StopSignals signals(context.stop);
  const health::CheckRun run = [&]() -> Result<health::Report> {
    OBS_TRY_ASSIGN(health::Report report, health::check(services, subject, flags.gather));
    health::keep_selected(report, flags.selection);
    return report;
  };
  if (flags.watch) {
    return watch(context, flags, run);
  }
  const auto say = [&context](const std::string& line) { context.note("obsctl: " + line); };
  OBS_TRY_ASSIGN(health::Report report,
                 flags.wait ? health::wait_until_well(
                                  context.clock, context.stop,
                                  {.limit = *flags.wait, .fail_on = flags.fail_on}, run, say)
                            : run());
  std::string below;
  for (const auto& [what, probe] : {std::pair{ProbeWith::telemetry, &probe_telemetry},
                                    std::pair{ProbeWith::alert, &probe_alert}}) {
    if (flags.probes(what)) {
      OBS_TRY_ASSIGN(const std::string text, probe(context, subject, flags, report));
      below += "\n" + text;
    }
  }
  OBS_TRY_ASSIGN(const int code, print_report(context, flags, report, below));
  if (flags.bundle) {
    OBS_TRY(write_bundle(context, flags, subject, report));
  }
  return code;
}

// A monitoring system reads one line and its code, whatever happened.
Result<int> run(Context& context, const HealthFlags& flags) {
  Result<int> out = checked(context, flags);
  if (!out && flags.output == HealthFormat::nagios) {
    context.terminal.out(health::nagios_unknown(out.error()));
    return health::k_nagios_unknown;
  }
  return out;
}

}  // namespace

Command health_check_command() {
  const auto flags = std::make_shared<HealthFlags>();
  Command out;
  out.name = "check";
  out.summary = "run the checks of a running stack";
  out.description = k_description;
  out.flags = health_check_flags(*flags);
  out.examples = {
      {"obsctl health", "check the stack of this directory"},
      {"obsctl health --probe", "prove that telemetry gets from the receivers into the stores"},
      {"obsctl health --probe=alert", "prove that alerts get to whoever is notified"},
      {"obsctl health --wait 2m", "wait until a stack that was just started is well"},
      {"obsctl health --only delivery --watch", "look on while telemetry is delivered, or not"},
      {"obsctl health --collector http://localhost:8888 --prometheus http://localhost:9090",
       "check programs that obsctl did not generate"},
      {"obsctl health --list", "show which checks there are"},
      {"obsctl health --bundle support.tar.gz", "write a support archive without secrets"},
      {"obsctl health --from support.tar.gz", "judge it elsewhere, without the stack"},
      {"obsctl health -o nagios --fail-on error", "as a plugin of a monitoring system"},
  };
  out.exit_codes = {{exit_code::findings, "a finding of --fail-on or above"},
                    {exit_code::unavailable,
                     "nothing failed, but something could not be checked; or there is no stack"}};
  out.see_also = {"init", "size", "loadgen"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
