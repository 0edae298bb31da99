// Runs a plan: progress, ledger, sampling proof, search, reports, exit code.
#include <fmt/format.h>

#include <cmath>

#include "commands/loadgen_books.hpp"
#include "lib/base/text.hpp"
#include "lib/io/signals.hpp"
#include "lib/loadgen/search.hpp"

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
  return loadgen::run(plan, context.stop, [&](double seconds, const loadgen::Live& live) {
    progress.show(seconds, live);
  });
}

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

Result<int> show_plan(Context& context, const Prepared& prepared) {
  const loadgen::Payload& payload = prepared.payload;
  const Report& report = prepared.report;
  std::string out = fmt::format("Scenario        {}: {}\n", prepared.scenario.name,
                                prepared.scenario.description);
  if (!prepared.scenario.source.empty()) {
    out += fmt::format("Source          {}\n", prepared.scenario.source);
  }
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

Result<int> finish(Context& context, const LoadgenOptions& options, const Prepared& prepared,
                   Report& report) {
  for (const loadgen::Threshold& threshold : prepared.thresholds) {
    report.verdicts.push_back(loadgen::judge(threshold, report));
  }
  certify(report);
  if (prepared.stack) {
    report.measured = calibration_values(report);
  }
  OBS_TRY(write_reports(context, options, report));
  if (options.write_calibration) {
    OBS_TRY(write_calibration(context, prepared, report));
  } else if (prepared.stack) {
    context.note("obsctl: --write-calibration keeps these sizes in obsctl.yaml, for 'obsctl size'");
  }
  if (report.result.interrupted) {
    return context.stop.exit_code();
  }
  if (report.passed()) {
    OBS_TRY(check_arrival(report));
  }
  return report.passed() ? exit_code::ok : exit_code::findings;
}

Result<int> search_max(Context& context, const LoadgenOptions& options, Prepared& prepared) {
  Report report = prepared.report;
  loadgen::SearchOptions search;
  search.start = prepared.rate;
  search.thresholds = prepared.thresholds;
  OBS_TRY_ASSIGN(const Duration settle, parse_duration(options.settle, "--settle"));
  const auto try_rate = [&](double rate) -> Result<Report> {
    Report trial = prepared.report;
    loadgen::Plan& plan = prepared.plan;
    plan.profile = loadgen::Profile::constant(rate);
    trial.asked_rate = rate;
    trial.expected = rate * plan.duration;
    loadgen::Snapshot before;
    if (!prepared.ledger.empty()) {
      // What the trial before left in the queues must not count as this one's.
      OBS_TRY_ASSIGN(auto settled,
                     loadgen::wait_settled(context.http, context.clock, prepared.ledger, 0,
                                           settle.seconds, context.stop));
      before = std::move(settled.snapshot);
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
    return context.stop.exit_code();
  }
  return report.search->highest > 0 ? exit_code::ok : exit_code::findings;
}

}  // namespace

Result<int> run_loadgen(Context& context, const LoadgenOptions& options) {
  OBS_TRY_ASSIGN(Prepared prepared, prepare_loadgen(context, options));
  prepared.plan.payload = &prepared.payload;
  if (options.write_calibration && !prepared.stack) {
    return fail(Code::usage, "'--write-calibration' needs the stack to write to",
                "add --stack DIR");
  }
  if (options.kubernetes) {
    return print_job(context, options, prepared);
  }
  if (options.dry_run) {
    return show_plan(context, prepared);
  }
  OBS_TRY_ASSIGN(const loadgen::SamplingPolicy policy, sampling_policy(options, prepared));
  const StopSignals signals(context.stop);
  if (options.find_max) {
    return search_max(context, options, prepared);
  }
  OBS_TRY_ASSIGN(const Books books, Books::open(context, options, prepared, policy));
  Report report = prepared.report;
  OBS_TRY_ASSIGN(report.result, execute(context, prepared, prepared.plan));
  if (prepared.payload.traces && (options.keep || prepared.stack)) {
    report.sampling = loadgen::expect_sampling(prepared.payload, report.result, policy,
                                               prepared.plan.shards == 1);
  }
  if (context.stop.level() != StopLevel::now) {
    OBS_TRY(books.close(context, report));
  }
  return finish(context, options, prepared, report);
}

}  // namespace obsctl
