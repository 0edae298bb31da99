// SPDX-License-Identifier: Apache-2.0
// Resolves the load from spec, calibration and tier.
#include "lib/sizing/load.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"
#include "lib/catalog/documents.hpp"

namespace obsctl::sizing {
namespace {

// What is assumed where the spec asks for no rate at all.
struct Assumed {
  double spans = 0;
  double series = 0;
  double lines = 0;
  std::string source;
  Origin origin = Origin::assumed;
};

Assumed assumed_load(const StackSpec& spec, const catalog::Tier& tier, const Catalogs& catalogs) {
  if (states_load(spec)) {
    return {0, 0, 0, "not asked for", Origin::absent};
  }
  const catalog::Profile* profile = tier.single_node ? catalogs.profile(spec.profile) : nullptr;
  if (profile != nullptr && profile->rates) {
    return {profile->rates->spans.per_second, profile->rates->series,
            profile->rates->lines.per_second, "profile " + profile->name};
  }
  return {tier.rates.spans.per_second, tier.rates.series, tier.rates.lines.per_second,
          "tier " + tier.name};
}

class Resolver {
 public:
  Resolver(const StackSpec& spec, Model model)
      : spec_(spec), use_(model == Model::measured || model == Model::recommended) {}

  // A value that is always set in the spec: what was measured replaces it unless it was asked for.
  [[nodiscard]] Input of_spec(const char* name, double value, const char* unit, const char* key,
                              const char* calibration = nullptr) const {
    const double* measured = find(calibration);
    if (measured != nullptr && !spec_.asked.contains(key)) {
      return measured_input(name, *measured, unit);
    }
    return {name, value, unit, key};
  }

  // A value of the spec, else a measured one, else an assumed one.
  [[nodiscard]] Input of_tier(const char* name, const std::optional<double>& value,
                              const char* unit, const char* key, const char* calibration,
                              double assumed, const Assumed& by) const {
    if (value) {
      return {name, *value, unit, key};
    }
    if (const double* measured = find(calibration)) {
      return measured_input(name, *measured, unit);
    }
    return {name, assumed, unit, by.source, {}, by.origin};
  }

  [[nodiscard]] Input measured_input(const char* name, double value, const char* unit) const {
    return {name, value, unit, measured_source(), {}, Origin::measured};
  }

  [[nodiscard]] const double* find(const char* calibration) const {
    if (!use_ || calibration == nullptr) {
      return nullptr;
    }
    const auto found = spec_.calibration.values.find(calibration);
    return found == spec_.calibration.values.end() ? nullptr : &found->second;
  }

  [[nodiscard]] std::string measured_source() const {
    return spec_.calibration.measured_at.empty() ? "measured"
                                                 : "measured " + spec_.calibration.measured_at;
  }

 private:
  const StackSpec& spec_;
  bool use_;
};

std::optional<double> per_second(const std::optional<Rate>& rate) {
  return rate ? std::optional(rate->per_second) : std::nullopt;
}

Input days(const char* name, const std::optional<Duration>& asked, const char* key,
           Duration assumed, const std::string& source) {
  return asked ? Input{name, asked->days(), "days", key}
               : Input{name, assumed.days(), "days", source};
}

void resolve_retention(const StackSpec& spec, const catalog::Tier& tier, const Catalogs& catalogs,
                       Load& out) {
  const catalog::Profile* profile = tier.single_node ? catalogs.profile(spec.profile) : nullptr;
  const bool own = profile != nullptr && profile->retention.has_value();
  const std::string source = own ? "profile " + profile->name : "tier " + tier.name;
  const catalog::ProfileRetention assumed =
      own ? *profile->retention
          : catalog::ProfileRetention{tier.retention.traces, tier.retention.metrics,
                                      tier.retention.logs};
  out.trace_days = days("retention of traces", spec.traces.retention, "traces.retention",
                        assumed.traces, source);
  out.metric_days = days("retention of metrics", spec.metrics.retention, "metrics.retention",
                         assumed.metrics, source);
  out.log_days =
      days("retention of logs", spec.logs.retention, "logs.retention", assumed.logs, source);
}

// Stored bytes per raw byte: asked for, contained in the measured size, the store's, or all of
// them.
Input stored_factor(const std::optional<double>& asked, const char* key, bool size_was_measured,
                    const std::string& measured_source, const StoreRules& stores, Signal signal) {
  constexpr const char* k_name = "stored per raw byte";
  if (asked) {
    return {k_name, *asked, "", key};
  }
  if (size_was_measured) {  // measured bytes are stored bytes, so no factor is left to apply
    return {k_name, 1, "", measured_source};
  }
  const auto rule = stores.find(signal);
  return rule == stores.end() ? Input{k_name, 1, "", "uncompressed"}
                              : Input{k_name, rule->second.factor, "", rule->second.source.text};
}

void note_unstated(const StackSpec& spec, Load& out) {
  if (!states_load(spec)) {
    return;
  }
  for (const auto& [signal, value] :
       {std::pair("traces", &out.spans), {"metrics", &out.series}, {"logs", &out.lines}}) {
    if (value->origin == Origin::absent) {
      out.unstated.emplace_back(signal);
    }
  }
}

Quantity resolve_kept(const StackSpec& spec, const Resolver& resolver, const Input& spans) {
  if (const double* measured = resolver.find(calibrated::kept)) {
    return given("share of spans kept", *measured, "", resolver.measured_source());
  }
  const Quantity share = calc("F13", "share of spans kept",
                              {{"all", 1, "", "whole"},
                               {"errors", spec.traces.errors.value, "", "traces.errors"},
                               {"slow", spec.traces.slow.value, "", "traces.slow"},
                               {"keep", spec.traces.keep.value, "", "traces.keep"}});
  const double all_below = spec.traces.keep_all_below.per_second;
  return all_below > 0 ? calc("D24", "share of spans kept, with all up to a rate",
                              {share.input(),
                               {"all up to", all_below, "spans/s", "traces.keep_all_below"},
                               spans})
                       : share;
}

// Bytes of a stored sample: asked for, measured, the store's, or the documents' 3.
Input resolve_sample_size(const StackSpec& spec, const Resolver& from, const StoreRules& stores) {
  constexpr const char* k_name = "bytes per sample";
  if (spec.metrics.sample_size) {
    return {k_name, spec.metrics.sample_size->value, "B", "metrics.sample_size"};
  }
  if (const double* measured = from.find(calibrated::sample_size)) {
    return {k_name, *measured, "B", from.measured_source()};
  }
  const auto rule = stores.find(Signal::metrics);
  constexpr double k_documented = 3;  // F02: 2 to 4
  return rule == stores.end()
             ? Input{k_name, k_documented, "B", catalog::k_documents}
             : Input{k_name, rule->second.sample_size, "B", rule->second.source.text};
}

}  // namespace

bool states_load(const StackSpec& spec) {
  return spec.traces.spans || spec.traces.traces || spec.metrics.series || spec.logs.lines;
}

bool Load::rates_assumed() const {
  const auto assumed = [](const Input& rate) { return rate.origin == Origin::assumed; };
  return assumed(spans) && assumed(series) && assumed(lines);
}

Load resolve_load(const StackSpec& spec, const catalog::Tier& tier, const Catalogs& catalogs,
                  Model model, const StoreRules& stores) {
  const Resolver from(spec, model);
  const Assumed assumed = assumed_load(spec, tier, catalogs);
  Load out;
  const std::optional<double> by_traces =
      spec.traces.traces
          ? std::optional(spec.traces.traces->per_second * spec.traces.spans_per_trace)
          : std::nullopt;
  const auto spans = spec.traces.spans ? per_second(spec.traces.spans) : by_traces;
  out.spans = from.of_tier("spans/s", spans, "spans/s",
                           spec.traces.spans ? "traces.spans" : "traces.traces", calibrated::spans,
                           assumed.spans, assumed);
  out.span_size = from.of_spec("bytes per span", spec.traces.span_size.value, "B",
                               "traces.span_size", calibrated::span_size);
  out.traces =
      spec.traces.traces
          ? given("traces/s", spec.traces.traces->per_second, "traces/s", "traces.traces")
          : calc("D03", "traces/s",
                 {out.spans,
                  {"spans per trace", spec.traces.spans_per_trace, "", "traces.spans_per_trace"}});
  out.series = from.of_tier("active series", spec.metrics.series, "series", "metrics.series",
                            calibrated::series, assumed.series, assumed);
  out.interval = {"interval", spec.metrics.scrape_interval.seconds, "s", "metrics.scrape_interval"};
  const double* samples = from.find(calibrated::samples);
  const double* series = from.find(calibrated::series);
  if (samples != nullptr && series != nullptr && *samples > 0 && *series > 0) {
    out.interval = {"interval", *series / *samples, "s", from.measured_source()};
  }
  out.sample_size = resolve_sample_size(spec, from, stores);
  out.samples = calc("D01", "samples/s", {out.series, out.interval});
  out.lines = from.of_tier("lines/s", per_second(spec.logs.lines), "lines/s", "logs.lines",
                           calibrated::lines, assumed.lines, assumed);
  out.line_size = from.of_spec("bytes per line", spec.logs.line_size.value, "B", "logs.line_size",
                               calibrated::line_size);
  const double* streams = from.find(calibrated::streams);
  out.streams =
      spec.logs.streams    ? given("log streams", *spec.logs.streams, "streams", "logs.streams")
      : streams != nullptr ? given("log streams", *streams, "streams", from.measured_source())
                           : calc("D12", "log streams", {out.lines});
  out.streams_assumed = !spec.logs.streams && streams == nullptr;
  out.events = calc("D02", "events/s", {out.spans, out.lines});
  out.kept = resolve_kept(spec, from, out.spans);
  const std::string measured = from.measured_source();
  out.trace_factor =
      stored_factor(spec.traces.storage_factor, "traces.storage_factor",
                    out.span_size.origin == Origin::measured, measured, stores, Signal::traces);
  out.log_factor =
      stored_factor(spec.logs.storage_factor, "logs.storage_factor",
                    out.line_size.origin == Origin::measured, measured, stores, Signal::logs);
  out.decision_wait = {"decision wait", spec.traces.decision_wait.seconds, "s",
                       "traces.decision_wait"};
  resolve_retention(spec, tier, catalogs, out);
  out.copies = {"copies", spec.sizing.replication, "", "sizing.replication"};
  note_unstated(spec, out);
  return out;
}

}  // namespace obsctl::sizing
