// Reads both ends of a run and hands what they say to the report.
#include "commands/loadgen_books.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/model/spec_edit.hpp"
#include "lib/sizing/load.hpp"

namespace obsctl {

using loadgen::Report;

Result<loadgen::SamplingPolicy> sampling_policy(const LoadgenOptions& options,
                                                const Prepared& prepared) {
  loadgen::SamplingPolicy out;
  out.drops_noise = prepared.stack.has_value();
  if (prepared.stack) {
    const auto& traces = prepared.stack->spec.traces;
    out.keep = traces.keep.value;
    out.slow_threshold = traces.slow_threshold.seconds;
    out.decision_wait = traces.decision_wait.seconds;
  }
  if (options.keep) {
    OBS_TRY_ASSIGN(const Share keep, parse_share(*options.keep, "--keep"));
    out.keep = keep.value;
  }
  if (options.slow_threshold) {
    OBS_TRY_ASSIGN(const Duration slow,
                   parse_duration(*options.slow_threshold, "--slow-threshold"));
    out.slow_threshold = slow.seconds;
  }
  if (options.decision_wait) {
    OBS_TRY_ASSIGN(const Duration wait, parse_duration(*options.decision_wait, "--decision-wait"));
    out.decision_wait = wait.seconds;
  }
  return out;
}

Result<Books> Books::open(Context& context, const LoadgenOptions& options, const Prepared& prepared,
                          const loadgen::SamplingPolicy& policy) {
  Books out;
  out.ledger_ = prepared.ledger;
  out.sink_ = options.sink_counts.value_or("");
  OBS_TRY_ASSIGN(const Duration settle, parse_duration(options.settle, "--settle"));
  out.limit_ = settle.seconds;
  bool samples = prepared.stack || options.keep;
  if (!out.ledger_.empty()) {
    OBS_TRY_ASSIGN(out.before_, loadgen::fetch_snapshot(context.http, out.ledger_));
    samples = samples || out.before_.samples;
  }
  if (!out.sink_.empty()) {
    OBS_TRY_ASSIGN(out.sink_before_, loadgen::fetch_sink(context.http, out.sink_));
  }
  // A tail sampler is silent while it waits for traces to be complete.
  out.quiet_ = samples ? policy.decision_wait + 2 : 2;
  out.limit_ = std::max(out.limit_, out.quiet_ + 5);
  return out;
}

Result<void> Books::close(Context& context, Report& report) const {
  if (!ledger_.empty()) {
    context.note("obsctl: waiting until the collector has finished");
    OBS_TRY_ASSIGN(const auto settled, loadgen::wait_settled(context.http, context.clock, ledger_,
                                                             quiet_, limit_, context.stop));
    report.ledger =
        loadgen::balance(before_, settled.snapshot, report.result, report.run_seconds());
    report.ledger->url = ledger_;
    report.ledger->waited = settled.waited;
    if (report.sampling) {
      loadgen::check_sampling(*report.sampling, before_, settled.snapshot);
    }
  }
  if (!sink_.empty()) {
    // The collector has settled, so what the sink has now is all.
    const double quiet = ledger_.empty() ? quiet_ : 0;
    OBS_TRY_ASSIGN(const auto after, loadgen::wait_sink(context.http, context.clock, sink_, quiet,
                                                        limit_, context.stop));
    report.sink = loadgen::sink_difference(sink_, sink_before_, after);
    if (report.sampling) {
      loadgen::check_sampling(*report.sampling, *report.sink);
    }
  }
  return {};
}

std::map<std::string, double> calibration_values(const Report& report) {
  std::map<std::string, double> out;
  const auto set = [&](const char* name, otlp::Signal signal) {
    const loadgen::SignalTally& tally = report.result.signals[static_cast<std::size_t>(signal)];
    if (tally.sent > 0) {
      const double size = static_cast<double>(tally.body_bytes) / static_cast<double>(tally.sent);
      out[name] = std::round(size * 10) / 10;
    }
  };
  set(sizing::calibrated::span_size, otlp::Signal::traces);
  set(sizing::calibrated::line_size, otlp::Signal::logs);
  if (report.ledger && report.sampling && report.sampling->collector) {
    for (const loadgen::LedgerLine& line : report.ledger->lines) {
      if (line.signal == "traces" && line.received > 0) {
        out[sizing::calibrated::kept] = std::round(line.exported / line.received * 1e4) / 1e4;
      }
    }
  }
  return out;
}

Result<void> write_calibration(Context& context, const Prepared& prepared, const Report& report) {
  // Read again: a run takes long enough to edit the file meanwhile.
  const std::filesystem::path& path = prepared.stack->file;
  OBS_TRY_ASSIGN(const std::string before, context.files.read(path));
  OBS_TRY_ASSIGN(StackSpec spec, read_spec(before, path.string()));
  Calibration& calibration = spec.calibration;
  for (const auto& [name, value] : calibration_values(report)) {
    calibration.values[name] = value;
  }
  calibration.measured_at =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                  fmt::gmtime(std::chrono::system_clock::to_time_t(context.clock.now())));
  calibration.source = "loadgen " + report.scenario;
  OBS_TRY_ASSIGN(const std::string after, edit_calibration(before, calibration, path.string()));
  OBS_TRY(context.files.write_atomic(path, after, context.files.mode(path).value_or(0644)));
  context.note(
      fmt::format("obsctl: wrote the measured sizes into '{}'", prepared.stack->file.string()));
  return {};
}

}  // namespace obsctl
