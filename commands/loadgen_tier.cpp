// What a tier is documented to carry, as a load, and the verdict whether it was carried.
#include <fmt/format.h>

#include "commands/loadgen_options.hpp"
#include "lib/catalog/tiers.hpp"

namespace obsctl {
namespace {

// Flags that would make the load another one than the tier's.
Result<void> refuse_other_rates(const LoadgenOptions& options) {
  const std::pair<const char*, bool> others[] = {{"--rate", options.rate.has_value()},
                                                 {"--max", options.max},
                                                 {"--unit", options.unit != "items"},
                                                 {"--series", options.series.has_value()},
                                                 {"--find-max", options.find_max}};
  for (const auto& [flag, given] : others) {
    if (given) {
      return fail(Code::usage, fmt::format("'--tier' and '{}' exclude each other", flag),
                  "a tier has documented rates; leave '--tier' out to choose your own");
    }
  }
  return {};
}

}  // namespace

Result<void> apply_tier(const LoadgenOptions& options, Prepared& out) {
  if (!options.tier) {
    return {};
  }
  OBS_TRY(refuse_other_rates(options));
  loadgen::Certificate load;
  load.tier = *options.tier;
  StackSpec spec;
  if (out.stack && out.stack->spec.tier == *options.tier) {
    spec = out.stack->spec;
    load.spans = out.stack->spans;
    load.series = out.stack->series;
    load.records = out.stack->records;
  } else {
    OBS_TRY_ASSIGN(const catalog::Tier tier, catalog::tier(*options.tier));
    load.spans = tier.rates.spans.per_second;
    load.series = tier.rates.series;
    load.records = tier.rates.lines.per_second;
  }
  load.interval = spec.metrics.scrape_interval.seconds;
  loadgen::Scenario& scenario = out.scenario;
  // The documented series are Prometheus series; one point of a histogram becomes many of them.
  const loadgen::SeriesShare share = loadgen::share_series(scenario, load.series);
  scenario.series = share.series;
  load.points = share.points / load.interval;
  scenario.traces_rate = load.spans;
  scenario.metrics_rate = load.points;
  scenario.logs_rate = load.records;
  // The documented volumes per day come from these sizes (F01, F03).
  scenario.span_size = static_cast<std::size_t>(spec.traces.span_size.value);
  scenario.log_size = static_cast<std::size_t>(spec.logs.line_size.value);
  out.report.certificate = load;
  return {};
}

void certify(loadgen::Report& report) {
  if (!report.certificate) {
    return;
  }
  loadgen::Certificate& out = *report.certificate;
  const loadgen::SignalTally sum = report.result.total();
  const auto refute = [&out](bool wrong, const char* why) {
    if (wrong && out.reason.empty()) {
      out.reason = why;
    }
  };
  refute(report.result.interrupted, "interrupted");
  refute(static_cast<double>(sum.unsent) > 0.001 * static_cast<double>(sum.sent + sum.unsent),
         "not everything could be sent");
  refute(report.error_share() >= 0.001, "one item in a thousand or more was not accepted");
  if (report.ledger) {
    refute(!report.ledger->balanced(), "the collector's books do not balance");
    refute(report.ledger->queued > 0, "the collector's queues did not empty");
  }
  out.held = out.reason.empty();
}

}  // namespace obsctl
