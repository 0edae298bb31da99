// SPDX-License-Identifier: Apache-2.0
// `obsctl demo`: a load test without a verdict, so that a new stack has something to look at. It
// differs from `loadgen run --stack` in that it goes on until it is stopped and leaves the
// collector's counters alone.
#include "commands/demo.hpp"

#include <fmt/format.h>

#include <memory>

#include "commands/loadgen_plan.hpp"
#include "commands/typed_flags.hpp"
#include "lib/io/signals.hpp"
#include "lib/loadgen/load_test.hpp"
#include "lib/loadgen/progress.hpp"
#include "lib/stack/endpoints.hpp"
#include "lib/stack/stack.hpp"
#include "lib/ui/progress.hpp"

namespace obsctl {
namespace {

constexpr Duration k_until_stopped = {365 * 86'400.0};
constexpr Duration k_trial = {1};

constexpr const char* k_description =
    R"(Sends traces, metrics and logs of a made-up shop to a generated stack until it is stopped, so that every dashboard, trace search and log query has something to show.

It sends the scenario 'shop': services that call each other, with slow requests, errors and logs that carry the ids of their traces. Endpoint, certificate and token come from the stack. The load is small beside that of the smallest tier. What it sends is stored like any other telemetry, under the service names of the shop, and goes with the stack's retention.)";

struct DemoFlags {
  std::string stack = ".";
  Rate rate = {200};
  std::optional<Duration> duration;
};

LoadgenPlan plan_of(const DemoFlags& flags, Duration duration) {
  LoadgenPlan out;
  out.stack = flags.stack;
  out.options.load.rate = flags.rate;
  out.options.load.duration = duration;
  out.options.load.batch = 20;  // a trickle: a request of 100 items would come every second
  return out;
}

Result<loadgen::Report> send(Context& context, const LoadgenPlan& plan, ProgressLine* line) {
  OBS_TRY_ASSIGN(Planned planned, make_plan(context, plan, true));
  planned.run.metrics_url.clear();
  planned.run.predict_sampling = false;
  loadgen::ProgressText text;
  return loadgen::run_test(planned.run,
                           {.http = context.http,
                            .clock = context.clock,
                            .stop = context.stop,
                            .progress =
                                [&](double seconds, const loadgen::Live& live) {
                                  if (line != nullptr) {
                                    line->show([&] { return text.line(seconds, 0, live); });
                                  }
                                },
                            .note = [](std::string_view) {}});
}

// Where a person looks, and how it ends.
void announce(Context& context, const DemoFlags& flags, const stack::Stack& opened) {
  context.note(fmt::format("obsctl: sending {} of scenario 'shop' to stack '{}'{}",
                           human_rate(flags.rate), opened.spec.name,
                           flags.duration ? "" : " until Ctrl-C"));
  if (const auto view = stack::endpoint_of(opened.topology, "dashboards.view")) {
    context.note(fmt::format("obsctl: dashboards: {}", view->url()));
  }
}

// A stack that is not up is found out before the long wait begins.
Result<void> try_out(Context& context, const DemoFlags& flags, const stack::Stack& opened) {
  auto checked =
      send(context, plan_of(flags, k_trial), nullptr).and_then([](const loadgen::Report& trial) {
        return loadgen::check_accepted(trial, false);
      });
  if (!checked && checked.error().code == Code::unreachable) {
    checked.error().hint = fmt::format("start the stack first, in '{}': {}",
                                       opened.directory.string(), opened.words.runbook.apply);
  }
  return checked;
}

std::string summary(const loadgen::Report& report) {
  const loadgen::SignalTally sum = report.result.total();
  return fmt::format("sent {} items in {:.0f} s: {} accepted, {} not\n", sum.sent,
                     report.run_seconds(), sum.accepted, sum.sent - sum.accepted);
}

Result<int> run(Context& context, const DemoFlags& flags) {
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(
      const stack::Stack opened,
      stack::open(context.files, context.environment, context.environment.directory / flags.stack));
  OBS_TRY(try_out(context, flags, opened));
  announce(context, flags, opened);
  ProgressLine line(context.terminal, context.clock, context.global.quiet);
  OBS_TRY_ASSIGN(const loadgen::Report report,
                 send(context, plan_of(flags, flags.duration.value_or(k_until_stopped)), &line));
  line.clear();
  context.terminal.out(summary(report));
  if (report.result.interrupted) {
    return context.stop.exit_code();
  }
  OBS_TRY(loadgen::check_accepted(report, false));
  return exit_code::ok;
}

}  // namespace

Command demo_command() {
  auto flags = std::make_shared<DemoFlags>();
  Command out;
  out.name = "demo";
  out.group = "Testing";
  out.summary = "fill a stack's dashboards with telemetry of a made-up shop";
  out.description = k_description;
  out.flags = {
      {.name = "stack",
       .value = "DIR",
       .into = &flags->stack,
       .completes = "directory",
       .fallback = "the stack in or above the current directory",
       .doc = "send to the stack in this directory"},
      {.name = "rate",
       .short_name = 'r',
       .value = "RATE",
       .into = into_rate(&flags->rate),
       .doc = "set the rate of all signals together"},
      {.name = "duration",
       .short_name = 'd',
       .value = "DURATION",
       .into = into_length(&flags->duration),
       .fallback = "until Ctrl-C",
       .doc = "run this long"},
  };
  out.examples = {{"obsctl demo", "send to the stack in the current directory until Ctrl-C"},
                  {"obsctl demo --stack my-stack -d 10m", "send for ten minutes"}};
  out.exit_codes = {{1, "the stack responded and refused everything"},
                    {4, "the stack cannot be reached"},
                    {130, "stopped by Ctrl-C"},
                    {143, "terminated by SIGTERM"}};
  out.see_also = {"loadgen run", "init", "scenarios"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
