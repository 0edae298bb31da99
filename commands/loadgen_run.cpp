// Runs a plan: progress, ledger, sampling proof, search, reports, exit code.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <thread>

#include "commands/loadgen_options.hpp"
#include "lib/base/text.hpp"
#include "lib/loadgen/kubernetes.hpp"
#include "lib/loadgen/search.hpp"
#include "lib/loadgen/sink_counts.hpp"
#include "lib/loadgen/stop.hpp"
#include "lib/model/spec_edit.hpp"
#include "lib/sizing/load.hpp"

namespace obsctl {
namespace {

using loadgen::Report;

// One line on the terminal that rewrites itself.
class Progress {
 public:
  Progress(Context& context, const Prepared& prepared)
      : terminal_(context.terminal),
        shown_(context.terminal.err_is_terminal() && !context.global.quiet),
        duration_(prepared.plan.duration) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(double seconds, const loadgen::Live& live) {
    if (!shown_) {
      return;
    }
    const auto sent = static_cast<double>(live.sent.load());
    const double rate =
        seconds > last_seconds_ ? (sent - last_sent_) / (seconds - last_seconds_) : 0;
    last_seconds_ = seconds;
    last_sent_ = sent;
    const std::string of = duration_ > 0 ? fmt::format(" of {:.0f}", duration_) : "";
    std::string line =
        fmt::format("{:.1f}{} s  {} items/s  {} accepted  {} lost  {} in flight", seconds, of,
                    human_count(rate), human_count(static_cast<double>(live.accepted.load())),
                    human_count(static_cast<double>(live.lost.load())), live.in_flight.load());
    if (live.lag_ns.load() > 10'000'000) {
      line += fmt::format("  {:.2f} s behind", static_cast<double>(live.lag_ns.load()) * 1e-9);
    }
    terminal_.err("\r\033[K" + line);
    dirty_ = true;
  }
  void clear() {
    if (dirty_) {
      terminal_.err("\r\033[K");
      dirty_ = false;
    }
  }

 private:
  Terminal& terminal_;
  bool shown_;
  double duration_;
  double last_seconds_ = 0;
  double last_sent_ = 0;
  bool dirty_ = false;
};

Result<loadgen::RunResult> execute(Context& context, const Prepared& prepared,
                                   const loadgen::Plan& plan) {
  Progress progress(context, prepared);
  return loadgen::run(plan, loadgen::stop_flag(), [&](double seconds, const loadgen::Live& live) {
    progress.show(seconds, live);
  });
}

Result<loadgen::SamplingPolicy> policy_of(const LoadgenOptions& options, const Prepared& prepared) {
  loadgen::SamplingPolicy out;
  out.drops_noise = prepared.stack.has_value();
  if (prepared.stack) {
    out.keep = prepared.stack->spec.traces.keep.value;
    out.slow_threshold = prepared.stack->spec.traces.slow_threshold.seconds;
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
  return out;
}

// The collector's side of the story, when it is asked.
class Books {
 public:
  static Result<Books> open(Context& context, const LoadgenOptions& options,
                            const Prepared& prepared) {
    Books out;
    out.url_ = prepared.ledger;
    OBS_TRY_ASSIGN(const Duration settle, parse_duration(options.settle, "--settle"));
    out.limit_ = settle.seconds;
    // A tail sampler is silent while it waits for traces to be complete.
    const double wait = prepared.stack ? prepared.stack->spec.traces.decision_wait.seconds : 10;
    if (!out.url_.empty()) {
      OBS_TRY_ASSIGN(out.before_, loadgen::fetch_snapshot(context.http, out.url_));
      out.quiet_ = out.before_.samples || prepared.stack || options.keep ? wait + 2 : 2;
      out.limit_ = std::max(out.limit_, out.quiet_ + 5);
    }
    if (options.sink_counts) {
      OBS_TRY_ASSIGN(out.sink_before_, loadgen::fetch_sink(context.http, *options.sink_counts));
    }
    return out;
  }

  Result<void> close(Context& context, const LoadgenOptions& options, Report& report) {
    if (!url_.empty()) {
      context.note("obsctl: waiting until the collector has finished");
      OBS_TRY_ASSIGN(const auto settled, loadgen::wait_settled(context.http, url_, quiet_, limit_,
                                                               loadgen::stop_flag()));
      report.ledger =
          loadgen::balance(before_, settled.snapshot, report.result, report.run_seconds());
      report.ledger->url = url_;
      report.ledger->waited = settled.waited;
      if (report.sampling) {
        loadgen::check_sampling(*report.sampling, before_, settled.snapshot);
      }
    }
    if (options.sink_counts) {
      OBS_TRY_ASSIGN(const auto after, loadgen::fetch_sink(context.http, *options.sink_counts));
      report.sink = loadgen::sink_difference(*options.sink_counts, sink_before_, after);
    }
    return {};
  }

 private:
  std::string url_;
  double limit_ = 30;
  double quiet_ = 2;
  loadgen::Snapshot before_;
  loadgen::SinkSnapshot sink_before_;
};

std::string print_report(const std::string& format, const Report& report, bool color) {
  return format == "json"       ? loadgen::report_json(report)
         : format == "markdown" ? loadgen::report_markdown(report)
         : format == "junit"    ? loadgen::report_junit(report)
                                : loadgen::report_text(report, color);
}

Result<void> write_reports(Context& context, const LoadgenOptions& options, const Report& report) {
  const std::pair<const std::string*, const char*> files[] = {{&options.json_file, "json"},
                                                              {&options.markdown_file, "markdown"},
                                                              {&options.junit_file, "junit"}};
  for (const auto& [file, format] : files) {
    if (!file->empty()) {
      OBS_TRY(context.files.write_atomic(context.environment.directory / *file,
                                         print_report(format, report, false), 0644));
    }
  }
  context.terminal.out(print_report(options.output, report, context.color_out()));
  return {};
}

// Bytes per item as they were sent, for `obsctl size`.
Result<void> calibrate(Context& context, const LoadgenOptions& options, const Prepared& prepared,
                       const Report& report) {
  if (!options.write_calibration) {
    return {};
  }
  if (!prepared.stack) {
    return fail(Code::usage, "'--write-calibration' needs the stack to write to",
                "add --stack DIR");
  }
  StackSpec changed = prepared.stack->spec;
  const auto set = [&](const char* name, otlp::Signal signal) {
    const loadgen::SignalTally& tally = report.result.signals[static_cast<std::size_t>(signal)];
    if (tally.sent > 0) {
      const double size = static_cast<double>(tally.body_bytes) / static_cast<double>(tally.sent);
      changed.calibration.values[name] = std::round(size * 10) / 10;
    }
  };
  set(sizing::calibrated::span_size, otlp::Signal::traces);
  set(sizing::calibrated::line_size, otlp::Signal::logs);
  changed.calibration.measured_at =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                  fmt::gmtime(std::chrono::system_clock::to_time_t(context.clock.now())));
  changed.calibration.source = "loadgen " + report.scenario;
  const auto edited = edit_spec(prepared.stack->text, prepared.stack->spec, changed);
  OBS_TRY(context.files.write_atomic(prepared.stack->file, edited ? *edited : write_spec(changed),
                                     0644));
  context.note(
      fmt::format("obsctl: wrote the measured sizes into '{}'", prepared.stack->file.string()));
  return {};
}

Result<int> show_plan(Context& context, const Prepared& prepared) {
  const loadgen::Payload& payload = prepared.payload;
  const Report& report = prepared.report;
  std::string out = fmt::format("Scenario        {}: {}\n", prepared.scenario.name,
                                prepared.scenario.description);
  out += fmt::format("Source          {}\n", prepared.scenario.source);
  out += fmt::format("Target          {} over {}\n", join(report.endpoints, ", "), report.protocol);
  out +=
      fmt::format("Rate            {} {}, profile {}\n",
                  report.asked_rate > 0 ? human_rate({report.asked_rate}) : "as fast as possible",
                  report.unit, report.profile);
  if (report.expected > 0) {
    out += fmt::format("Total           {:.0f} {}\n", report.expected, report.unit);
  }
  const std::array<const std::optional<loadgen::Ring>*, 3> rings = {
      &payload.traces, &payload.metrics, &payload.logs};
  for (std::size_t i = 0; i < rings.size(); ++i) {
    if (*rings[i]) {
      const loadgen::Ring& ring = **rings[i];
      out += fmt::format("{:<16}{:.1f} % of the items, {:.1f} bytes each, {:.1f} per request\n",
                         otlp::item_name(ring.signal), prepared.plan.share[i] * 100,
                         static_cast<double>(ring.body_bytes) / static_cast<double>(ring.items),
                         static_cast<double>(ring.items) / static_cast<double>(ring.size));
    }
  }
  if (payload.traces) {
    out += fmt::format("Traces          {:.2f} spans each\n", payload.spans_per_trace);
  }
  if (payload.metrics) {
    out += fmt::format("Series          {:.0f}\n", payload.series);
  }
  out += fmt::format("Fingerprint     {}\n", payload.fingerprint);
  context.terminal.out(out);
  return exit_code::ok;
}

void certify(Report& report) {
  if (!report.certificate) {
    return;
  }
  // The documented rate with less than one item in a thousand lost or unsent.
  const loadgen::SignalTally sum = report.result.total();
  const bool all = report.expected <= 0 || static_cast<double>(sum.sent) >= report.expected * 0.999;
  report.certificate->held = all && report.error_share() < 0.001 && !report.result.interrupted;
}

Result<int> finish(Context& context, const LoadgenOptions& options, const Prepared& prepared,
                   Report& report) {
  for (const loadgen::Threshold& threshold : prepared.thresholds) {
    report.verdicts.push_back(loadgen::judge(threshold, report));
  }
  certify(report);
  OBS_TRY(write_reports(context, options, report));
  OBS_TRY(calibrate(context, options, prepared, report));
  if (report.result.interrupted) {
    return exit_code::interrupted;
  }
  return report.passed() ? exit_code::ok : exit_code::findings;
}

Result<int> search_max(Context& context, const LoadgenOptions& options, Prepared& prepared) {
  Report report = prepared.report;
  loadgen::SearchOptions search;
  search.start = prepared.rate;
  search.thresholds = prepared.thresholds;
  const auto try_rate = [&](double rate) -> Result<Report> {
    Report trial = prepared.report;
    loadgen::Plan& plan = prepared.plan;
    plan.profile = loadgen::Profile::constant(rate);
    trial.asked_rate = rate;
    trial.expected = rate * plan.duration;
    loadgen::Snapshot before;
    if (!prepared.ledger.empty()) {
      OBS_TRY_ASSIGN(before, loadgen::fetch_snapshot(context.http, prepared.ledger));
    }
    OBS_TRY_ASSIGN(trial.result, execute(context, prepared, plan));
    if (!prepared.ledger.empty()) {
      // Not settled on purpose: what a trial leaves in the queues is what the objective is about.
      OBS_TRY_ASSIGN(const auto after, loadgen::fetch_snapshot(context.http, prepared.ledger));
      trial.ledger = loadgen::balance(before, after, trial.result, trial.run_seconds());
      trial.ledger->url = prepared.ledger;
    }
    // Ids go on, so that no two trials send the same trace.
    for (std::size_t i = 0; i < plan.first_request.size(); ++i) {
      plan.first_request[i] = trial.result.next_request[i] + plan.workers * plan.shards;
    }
    context.note(fmt::format("obsctl: {} asked, {} accepted", human_rate({rate}),
                             human_rate({trial.accepted_rate()})));
    return trial;
  };
  OBS_TRY_ASSIGN(loadgen::SearchResult found, loadgen::find_max(search, try_rate));
  report = std::move(found.last);
  report.search = std::move(found.search);
  report.verdicts.clear();
  report.ledger.reset();  // of one trial, and in the middle of the work
  OBS_TRY(write_reports(context, options, report));
  if (report.result.interrupted) {
    return exit_code::interrupted;
  }
  return report.search->highest > 0 ? exit_code::ok : exit_code::findings;
}

}  // namespace

Result<int> run_loadgen(Context& context, const LoadgenOptions& options) {
  OBS_TRY_ASSIGN(Prepared prepared, prepare_loadgen(context, options));
  prepared.plan.payload = &prepared.payload;
  if (options.kubernetes) {
    OBS_TRY_ASSIGN(const auto shards,
                   parse_integer(*options.kubernetes, "--kubernetes", 1, 10'000));
    context.terminal.out(loadgen::kubernetes_job(job_arguments(options, prepared.plan.seed),
                                                 static_cast<int>(shards), options.image));
    return exit_code::ok;
  }
  if (options.dry_run) {
    return show_plan(context, prepared);
  }
  OBS_TRY_ASSIGN(const loadgen::SamplingPolicy policy, policy_of(options, prepared));
  const loadgen::StopSignals signals;
  if (options.find_max) {
    return search_max(context, options, prepared);
  }
  OBS_TRY_ASSIGN(Books books, Books::open(context, options, prepared));
  Report report = prepared.report;
  OBS_TRY_ASSIGN(report.result, execute(context, prepared, prepared.plan));
  if (prepared.payload.traces && (options.keep || prepared.stack)) {
    report.sampling = loadgen::expect_sampling(prepared.payload, report.result, policy);
  }
  if (loadgen::stop_flag().load() < 2) {
    OBS_TRY(books.close(context, options, report));
  }
  return finish(context, options, prepared, report);
}

}  // namespace obsctl
