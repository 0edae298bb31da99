// Resolves the load from spec, calibration and tier.
#include "lib/sizing/load.hpp"

#include <fmt/format.h>

#include "lib/base/text.hpp"

namespace obsctl::sizing {
namespace {

class Resolver {
 public:
  Resolver(const StackSpec& spec, Model model) : spec_(spec), use_(model == Model::measured) {}

  // A value that is always set in the spec, unless it was measured.
  [[nodiscard]] Input of_spec(const char* name, double value, const char* unit, const char* key,
                              const char* calibration = nullptr) const {
    if (const double* measured = find(calibration)) {
      return {name, *measured, unit, measured_source()};
    }
    return {name, value, unit, key};
  }

  // A value of the spec, else a measured one, else the tier's.
  [[nodiscard]] Input of_tier(const char* name, const std::optional<double>& value,
                              const char* unit, const char* key, const char* calibration,
                              double tier_value, const std::string& tier_source) const {
    if (value) {
      return {name, *value, unit, key};
    }
    if (const double* measured = find(calibration)) {
      return {name, *measured, unit, measured_source()};
    }
    return {name, tier_value, unit, tier_source};
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
           Duration tier_default, const catalog::Tier& tier) {
  return asked ? Input{name, asked->days(), "days", key}
               : Input{name, tier_default.days(), "days",
                       fmt::format("tier {} ({})", tier.name, tier.retention.source)};
}

Quantity resolve_kept(const StackSpec& spec, const Resolver& resolver) {
  if (const double* measured = resolver.find(calibrated::kept)) {
    return given("share of spans kept", *measured, "", resolver.measured_source());
  }
  return calc("F13", "share of spans kept",
              {{"all", 1, "", "whole"},
               {"errors", spec.traces.errors.value, "", "traces.errors"},
               {"slow", spec.traces.slow.value, "", "traces.slow"},
               {"keep", spec.traces.keep.value, "", "traces.keep"}});
}

}  // namespace

std::string_view model_name(Model model) {
  switch (model) {
    case Model::documented: return "documented";
    case Model::table: return "table";
    case Model::published: return "published";
    case Model::measured: return "measured";
  }
  return "";
}

Result<Model> parse_model(std::string_view name) {
  std::vector<std::string> names;
  for (const Model model : {Model::documented, Model::table, Model::published, Model::measured}) {
    if (model_name(model) == name) {
      return model;
    }
    names.emplace_back(model_name(model));
  }
  const std::string hint = did_you_mean(name, names);
  return fail(Code::usage, fmt::format("unknown model '{}'", name),
              hint.empty() ? "models: " + join(names, ", ") : hint);
}

Load resolve_load(const StackSpec& spec, const catalog::Tier& tier, Model model) {
  const Resolver from(spec, model);
  const std::string rates = fmt::format("tier {} ({})", tier.name, tier.rates.source);
  Load out;
  out.spans = from.of_tier("spans/s", per_second(spec.traces.spans), "spans/s", "traces.spans",
                           calibrated::spans, tier.rates.spans.per_second, rates);
  out.span_size = from.of_spec("bytes per span", spec.traces.span_size.value, "B",
                               "traces.span_size", calibrated::span_size);
  out.traces =
      spec.traces.traces
          ? given("traces/s", spec.traces.traces->per_second, "traces/s", "traces.traces")
          : calc("D03", "traces/s",
                 {out.spans,
                  {"spans per trace", spec.traces.spans_per_trace, "", "traces.spans_per_trace"}});
  out.series = from.of_tier("active series", spec.metrics.series, "series", "metrics.series",
                            calibrated::series, tier.rates.series, rates);
  out.interval = {"interval", spec.metrics.scrape_interval.seconds, "s", "metrics.scrape_interval"};
  const double* samples = from.find(calibrated::samples);
  const double* series = from.find(calibrated::series);
  if (samples != nullptr && series != nullptr && *samples > 0 && *series > 0) {
    out.interval = {"interval", *series / *samples, "s", from.measured_source()};
  }
  out.sample_size = from.of_spec("bytes per sample", spec.metrics.sample_size.value, "B",
                                 "metrics.sample_size", calibrated::sample_size);
  out.samples = calc("D01", "samples/s", {out.series, out.interval});
  out.lines = from.of_tier("lines/s", per_second(spec.logs.lines), "lines/s", "logs.lines",
                           calibrated::lines, tier.rates.lines.per_second, rates);
  out.line_size = from.of_spec("bytes per line", spec.logs.line_size.value, "B", "logs.line_size",
                               calibrated::line_size);
  const double* streams = from.find(calibrated::streams);
  out.streams =
      spec.logs.streams    ? given("log streams", *spec.logs.streams, "streams", "logs.streams")
      : streams != nullptr ? given("log streams", *streams, "streams", from.measured_source())
                           : calc("D12", "log streams", {out.lines});
  out.events = calc("D02", "events/s", {out.spans, out.lines});
  out.kept = resolve_kept(spec, from);
  // Measured bytes per line are stored bytes, so no factor is left to apply.
  out.log_factor =
      from.find(calibrated::line_size) != nullptr
          ? Input{"stored per raw byte", 1, "", from.measured_source()}
          : Input{"stored per raw byte", spec.logs.storage_factor, "", "logs.storage_factor"};
  out.decision_wait = {"decision wait", spec.traces.decision_wait.seconds, "s",
                       "traces.decision_wait"};
  out.trace_days = days("retention of traces", spec.traces.retention, "traces.retention",
                        tier.retention.traces, tier);
  out.metric_days = days("retention of metrics", spec.metrics.retention, "metrics.retention",
                         tier.retention.metrics, tier);
  out.log_days =
      days("retention of logs", spec.logs.retention, "logs.retention", tier.retention.logs, tier);
  out.copies = {"copies", spec.sizing.replication, "", "sizing.replication"};
  return out;
}

}  // namespace obsctl::sizing
