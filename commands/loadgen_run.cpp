// SPDX-License-Identifier: Apache-2.0
// `obsctl loadgen run`: sends a plan, shows its progress and prints its report.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>

#include "commands/loadgen.hpp"
#include "commands/loadgen_plan.hpp"
#include "commands/typed_flags.hpp"
#include "lib/io/signals.hpp"
#include "lib/loadgen/calibration.hpp"
#include "lib/loadgen/load_test.hpp"
#include "lib/loadgen/progress.hpp"
#include "lib/ui/progress.hpp"

namespace obsctl {
namespace {

constexpr const char* k_description =
    R"(Sends synthetic traces, metrics and logs over OTLP and reports what happened to every item.

The load is open loop: a schedule determines when each request is due, and a slow target does not slow it down. Latency counts from that intended time, so time spent waiting is included; service time counts from the actual send. Requests that were sent late or not at all are counted, and the report says so when the generator itself was the limit. --max sends as fast as the target responds instead.

Every sent item is counted exactly once: accepted, rejected (partial_success), refused (error response), failed (no connection) or unknown (no response). With --ledger the collector's own counters are read before and after the run, and items that are missing are reported.

A scenario describes what is sent: one of the shipped ones by name, or a file of the same form. The same seed sends the same bytes except for timestamps; the fingerprint in the report identifies them. Without --seed every run has its own ids. Requests are encoded once, and only ids, timestamps and numbers are rewritten, so ids are always new.

--tier sends the documented load of a tier and checks that it is carried. --stack takes endpoint, certificate, token, rates and sampling policy from a generated stack. --find-max searches the highest rate that meets the thresholds.

What no option sets is taken from the standard variables of OTLP exporters: OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL, _HEADERS, _COMPRESSION, _TIMEOUT (in milliseconds), _CERTIFICATE, _CLIENT_CERTIFICATE, _CLIENT_KEY and _INSECURE, and their forms for one signal such as OTEL_EXPORTER_OTLP_TRACES_ENDPOINT. A run has one target: variables that differ between the signals it sends are an error. --stack outranks them all. The report says which variable a setting came from.

A report file may be a pipe or a device, a link is followed, '-' prints the report instead of the text, and missing directories are made. Files are checked before anything is sent, and written also when the target cannot be reached.

Non-local targets are limited to 1000 items/s unless --yes is given or they are listed in loadgen.targets of the stack's obsctl.yaml or the one in the current directory; retries count. The stack of --stack may be loaded without a limit where it is published on this machine. A run ends after --duration (10s unless --count is given) or --count. Ctrl-C stops sending, waits for responses and prints the report; a second Ctrl-C exits at once.)";

struct RunFlags {
  LoadgenPlan plan;
  loadgen::Format output = loadgen::Format::text;
  std::string json_file;
  std::string markdown_file;
  std::string junit_file;
  bool dry_run = false;
  bool write_calibration = false;
};

// Options that say how to check something have no effect where it is not checked.
Result<void> check_effect(const RunFlags& flags) {
  const loadgen::VerificationOptions& options = flags.plan.options.verification;
  if (!flags.plan.stack && !options.keep && (options.slow_threshold || options.decision_wait)) {
    return fail(Code::usage,
                fmt::format("'--{}' says how a tail sampler decides, and none is expected",
                            options.slow_threshold ? "slow-threshold" : "decision-wait"),
                "add --keep SHARE, or --stack DIR");
  }
  if (!flags.plan.stack && options.settle && options.metrics_url.empty() &&
      options.sink_counts_url.empty()) {
    return fail(Code::usage, "'--settle' waits for a collector, and none is asked",
                "add --ledger URL, --sink-counts URL or --stack DIR");
  }
  return {};
}

// Where the reports go: a format for stdout, and files.
struct Outputs {
  loadgen::Format printed = loadgen::Format::text;
  std::vector<std::pair<std::filesystem::path, loadgen::Format>> files = {};
};

// Before anything is sent: a report that cannot be written must not be found out after a long run.
Result<Outputs> open_outputs(Context& context, const RunFlags& flags) {
  using loadgen::Format;
  Outputs out{.printed = flags.output};
  bool taken = false;  // stdout, by a report named '-'
  for (const auto& [name, format] : {std::pair{&flags.json_file, Format::json},
                                     {&flags.markdown_file, Format::markdown},
                                     {&flags.junit_file, Format::junit}}) {
    if (*name == "-") {
      if (taken) {
        return fail(Code::usage, "stdout ('-') takes one report, not two",
                    "name a file for others");
      }
      taken = true;
      out.printed = format;
    } else if (!name->empty()) {
      const auto file = context.environment.directory / *name;
      OBS_TRY(context.files.make_directories(file.parent_path()));
      OBS_TRY(context.files.check_writable(file));
      out.files.emplace_back(file, format);
    }
  }
  return out;
}

// Prints first: the result is there whatever becomes of the files. All of them are tried.
Result<void> write_reports(Context& context, const Outputs& outputs,
                           const loadgen::Report& report) {
  const bool started = report.result.started_at > 0;
  if (started || outputs.printed != loadgen::Format::text) {
    context.terminal.out(loadgen::print_report(report, outputs.printed, context.color_out()));
    OBS_TRY(context.terminal.flush());  // a file may be /dev/stdout
  }
  std::optional<Error> first;
  for (const auto& [file, format] : outputs.files) {
    auto written = context.files.write_atomic(file, loadgen::print_report(report, format, false),
                                              0644 & ~context.files.umask());
    if (!written && first) {
      first->more.push_back(std::move(written).error());
    } else if (!written) {
      first = std::move(written).error();
    }
  }
  return first ? Failure(std::move(*first)) : Result<void>();
}

Result<void> calibrate(Context& context, const RunFlags& flags, const Planned& planned,
                       const loadgen::Report& report) {
  if (report.measured.empty()) {
    return {};
  }
  if (!flags.write_calibration) {
    context.note(
        "obsctl: --write-calibration writes these sizes into obsctl.yaml, for 'obsctl size'");
    return {};
  }
  OBS_TRY(loadgen::write_calibration(context.files, context.clock, planned.spec_file, report));
  context.note(
      fmt::format("obsctl: wrote the measured sizes into '{}'", planned.spec_file.string()));
  return {};
}

Result<loadgen::Report> send(Context& context, const Planned& planned) {
  ProgressLine line(context.terminal, context.clock, context.global.quiet);
  loadgen::ProgressText text;
  const double duration = planned.run.plan.duration;
  const loadgen::Surroundings around{
      .http = context.http,
      .clock = context.clock,
      .stop = context.stop,
      .progress =
          [&](double seconds, const loadgen::Live& live) {
            line.show([&] { return text.line(seconds, duration, live); });
          },
      .note =
          [&](std::string_view step) {
            line.clear();
            context.note(fmt::format("obsctl: {}", step));
          }};
  if (planned.run.find_max) {
    return loadgen::search_max_rate(planned.run, around);
  }
  OBS_TRY_ASSIGN(loadgen::Report report, loadgen::run_test(planned.run, around));
  if (planned.stack) {
    report.measured = loadgen::calibration_values(report);
  }
  return report;
}

// There is always a report: of a run that could not begin, the plan and why.
loadgen::Report execute(Context& context, const Planned& planned) {
  auto sent = send(context, planned);
  if (sent) {
    return std::move(*sent);
  }
  loadgen::Report out = planned.run.report;
  out.failure = std::move(sent).error();
  return out;
}

// The exit code of a report that is written.
Result<int> conclude(Context& context, const loadgen::Report& report) {
  if (report.result.interrupted) {
    return context.stop.exit_code();
  }
  if (report.failure && (report.checks_hold() || report.result.started_at == 0)) {
    return Failure(*report.failure);
  }
  return report.checks_hold() ? exit_code::ok : exit_code::findings;
}

Result<int> print_plan(Context& context, const RunFlags& flags, const Planned& planned) {
  using loadgen::Format;
  if (flags.output != Format::text && flags.output != Format::json) {
    return fail(Code::usage,
                fmt::format("there is no plan in the format '{}'", name_of(flags.output)),
                "a plan is printed as text or json");
  }
  context.terminal.out(flags.output == Format::json ? loadgen::plan_json(planned.run)
                                                    : loadgen::plan_text(planned.run));
  return exit_code::ok;
}

Result<int> run(Context& context, const RunFlags& flags) {
  OBS_TRY(check_effect(flags));
  OBS_TRY_ASSIGN(const Planned planned, make_plan(context, flags.plan, !flags.dry_run));
  if (flags.dry_run) {
    return print_plan(context, flags, planned);
  }
  OBS_TRY_ASSIGN(const Outputs outputs, open_outputs(context, flags));
  const StopSignals signals(context.stop);
  loadgen::Report report = execute(context, planned);
  if (auto accepted = loadgen::check_accepted(report, false); !accepted && !report.failure) {
    report.failure = std::move(accepted).error();
  }
  auto written = write_reports(context, outputs, report);
  auto concluded = conclude(context, report);
  if (!concluded && !written) {
    concluded.error().more.push_back(std::move(written).error());
    return concluded;
  }
  OBS_TRY(std::move(written));
  OBS_TRY(calibrate(context, flags, planned, report));
  return concluded;
}

std::vector<Flag> verification_flags(RunFlags& flags) {
  loadgen::VerificationOptions& options = flags.plan.options.verification;
  const std::string group = "Verification";
  return {
      {.name = "find-max",
       .into = &options.find_max,
       .excludes = {"shard", "tier", "write-calibration", "count", "max", "profile", "unit",
                    "sink-counts", "keep", "slow-threshold", "decision-wait"},
       .group = group,
       .common = true,
       .doc = "search the highest rate that meets the thresholds"},
      {.name = "ledger",
       .value = "URL",
       .into = &options.metrics_url,
       .group = group,
       .common = true,
       .doc = "reconcile sent items with the collector's /metrics"},
      {.name = "sink-counts",
       .value = "URL",
       .into = &options.sink_counts_url,
       .group = group,
       .doc = "reconcile sent items with the /counts of an obsctl sink behind the collector"},
      {.name = "settle",
       .value = "DURATION",
       .into = into_duration(&options.settle),
       .fallback = "30s",
       .group = group,
       .doc = "set the maximum time to wait for the collector to drain"},
      {.name = "keep",
       .value = "SHARE",
       .into = into_share(&options.keep),
       .group = group,
       .doc = "predict and check tail sampling that keeps this share of ordinary traces"},
      {.name = "slow-threshold",
       .value = "DURATION",
       .into = into_duration(&options.slow_threshold),
       .fallback = "500ms",
       .group = group,
       .doc = "expect tail sampling to keep all traces this long"},
      {.name = "decision-wait",
       .value = "DURATION",
       .into = into_duration(&options.decision_wait),
       .fallback = "10s",
       .group = group,
       .doc = "expect tail sampling to wait this long for a trace to complete"},
      {.name = "write-calibration",
       .into = &flags.write_calibration,
       .needs = {"stack"},
       .group = group,
       .doc = "write the measured bytes per item into the stack's obsctl.yaml"},
  };
}

std::vector<Flag> report_flags(RunFlags& flags) {
  const std::string group = "Report";
  return {
      {.name = "output",
       .short_name = 'o',
       .value = "FORMAT",
       .into = into_enum(&flags.output),
       .group = group,
       .common = true,
       .doc = "set the format of the report"},
      file_flag("report-json", &flags.json_file, group, "also write the report as JSON"),
      file_flag("report-markdown", &flags.markdown_file, group,
                "also write the report as Markdown"),
      file_flag("report-junit", &flags.junit_file, group, "also write the report as JUnit XML"),
      {.name = "dry-run",
       .into = &flags.dry_run,
       .excludes = {"write-calibration", "report-json", "report-markdown", "report-junit"},
       .group = group,
       .common = true,
       .doc = "print the plan, send nothing"},
  };
}

Flag shard_flag(loadgen::Shard& shard) {
  return {.name = "shard",
          .value = "K/N",
          .into = typed_flags::into(&shard, loadgen::parse_shard,
                                    [](const loadgen::Shard& held) {
                                      return fmt::format("{}/{}", held.index, held.count);
                                    }),
          .env = "OBSCTL_LOADGEN_SHARD",
          .group = "Load",
          .doc = "send part K of N of the plan; start all parts at the same time"};
}

}  // namespace

Command loadgen_run_command() {
  auto flags = std::make_shared<RunFlags>();
  Command out;
  out.name = "run";
  out.summary = "send telemetry at an exact rate, account for each item";
  out.description = k_description;
  out.flags = local_flags(flags->plan);
  std::ranges::move(portable_flags(flags->plan), std::back_inserter(out.flags));
  out.flags.push_back(shard_flag(flags->plan.options.load.shard));
  std::ranges::move(verification_flags(*flags), std::back_inserter(out.flags));
  std::ranges::move(report_flags(*flags), std::back_inserter(out.flags));
  out.examples = {
      {"obsctl loadgen -r 5k/s -d 30s", "send traces, metrics and logs of the scenario 'shop'"},
      {"obsctl loadgen --stack . --tier small -d 60s",
       "check that a stack carries the load of its tier"},
      {"obsctl loadgen -r 50k/s -t 'p99<50ms' --report-junit load.xml",
       "fail a CI job when latency is too high"},
      {"obsctl loadgen --find-max -t 'p99<100ms' -t 'errors<0.1%'",
       "find the highest rate that meets two thresholds"},
      {"obsctl loadgen -s sampling -n 100ktraces -r 25k/s --keep 10% --ledger "
       "http://localhost:8888/metrics",
       "check that tail sampling keeps 12,250 of 100,000 traces"},
  };
  out.exit_codes = {
      {3, "a threshold, the ledger, the sink's counts, the sampling check or the tier was missed"},
      {1, "the target responded and refused or rejected everything"},
      {4, "the target or the collector's metrics cannot be reached or do not respond"},
      {130, "interrupted; the report covers what was sent"},
      {143, "terminated by SIGTERM; likewise"}};
  out.see_also = {"loadgen sink", "loadgen job", "scenarios", "size", "tiers"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
