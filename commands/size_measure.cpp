// From measurements to a calibration.
#include "commands/size_measure.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "lib/model/spec_edit.hpp"
#include "lib/prom/measure.hpp"
#include "lib/sizing/formulas.hpp"

namespace obsctl {
namespace {

using Values = std::map<std::string, double>;

// What a measurement is compared with: a documented size, or a formula at the measured load.
struct Comparison {
  const char* measurement;
  const char* formula;
  const char* name;
  std::optional<double> (*documented)(const StackSpec&, const Values&);
};

std::optional<double> find(const Values& values, const char* name) {
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> events(const Values& values) {
  const auto spans = find(values, sizing::calibrated::spans);
  const auto lines = find(values, sizing::calibrated::lines);
  return spans || lines ? std::optional(spans.value_or(0) + lines.value_or(0)) : std::nullopt;
}

std::optional<double> none(const StackSpec& /*spec*/, const Values& /*values*/) {
  return std::nullopt;
}

const std::vector<Comparison>& comparisons() {
  using Spec = const StackSpec&;
  using In = const Values&;
  static const std::vector<Comparison> k_all = {
      {sizing::calibrated::spans, "F01", "spans received", none},
      {"traces_per_second", "F27", "new traces", none},
      {sizing::calibrated::lines, "F03", "log lines received", none},
      {sizing::calibrated::samples, "F02", "samples stored", none},
      {sizing::calibrated::series, "F02", "active series", none},
      {sizing::calibrated::streams, "F11", "log streams", none},
      {sizing::calibrated::span_size, "F01", "stored bytes per span",
       [](Spec spec, In) { return std::optional(spec.traces.span_size.value); }},
      {sizing::calibrated::sample_size, "F02", "stored bytes per sample",
       [](Spec spec, In) {
         return std::optional(spec.metrics.sample_size.value_or(Bytes{3}).value);
       }},
      {sizing::calibrated::line_size, "F03", "stored bytes per line",
       [](Spec spec, In) {
         return std::optional(spec.logs.line_size.value * spec.logs.storage_factor.value_or(1));
       }},
      {"received_line_bytes", "F03", "received bytes per line",
       [](Spec spec, In) { return std::optional(spec.logs.line_size.value); }},
      {sizing::calibrated::kept, "F13", "share of spans kept",
       [](Spec spec, In) {
         return std::optional(sizing::tail_out(1, spec.traces.errors.value, spec.traces.slow.value,
                                               spec.traces.keep.value));
       }},
      {"collector_memory_bytes", "F05", "collector memory",
       [](Spec, In values) -> std::optional<double> {
         const auto rate = events(values);
         return rate ? std::optional(sizing::collector_memory_gb(*rate) * 1e9) : std::nullopt;
       }},
      {"collector_cores", "F06", "collector cores",
       [](Spec, In values) -> std::optional<double> {
         const auto rate = events(values);
         return rate ? std::optional(sizing::collector_cores(*rate)) : std::nullopt;
       }},
      {"prometheus_memory_bytes", "F10", "Prometheus memory",
       [](Spec, In values) -> std::optional<double> {
         const auto series = find(values, sizing::calibrated::series);
         return series ? std::optional(sizing::series_memory_gb(*series) * 1e9) : std::nullopt;
       }},
      {"loki_memory_bytes", "F11", "Loki memory",
       [](Spec, In values) -> std::optional<double> {
         const auto streams = find(values, sizing::calibrated::streams);
         return streams ? std::optional(sizing::stream_memory_gb(*streams) * 1e9) : std::nullopt;
       }},
  };
  return k_all;
}

// Only what the measured model reads is kept in obsctl.yaml.
bool is_calibrated(const std::string& name) {
  for (const char* key :
       {sizing::calibrated::spans, sizing::calibrated::lines, sizing::calibrated::samples,
        sizing::calibrated::series, sizing::calibrated::streams, sizing::calibrated::span_size,
        sizing::calibrated::sample_size, sizing::calibrated::line_size, sizing::calibrated::kept}) {
    if (name == key) {
      return true;
    }
  }
  return false;
}

std::string timestamp(const Clock& clock) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(clock.now())));
}

}  // namespace

Result<Measured> measure_stack(Context& context, const std::string& url,
                               const sizing::Catalogs& /*catalogs*/, StackSpec& spec) {
  const prom::QueryClient client(context.http, url);
  OBS_TRY_ASSIGN(const auto measurements, prom::measure(client));
  Measured out;
  out.url = client.url();
  Values values;
  std::map<std::string, std::string> queries;
  for (const auto& measurement : measurements) {
    if (measurement.value) {
      values[measurement.name] = *measurement.value;
      queries[measurement.name] = measurement.query;
    }
  }
  if (values.empty()) {
    return fail(Code::missing, fmt::format("'{}' has none of the stack's metrics", out.url),
                "ask the Prometheus that scrapes the collector, Prometheus and Loki");
  }
  for (const auto& row : comparisons()) {
    const auto measured = values.find(row.measurement);
    if (measured == values.end()) {
      for (const auto& measurement : measurements) {
        if (measurement.name == row.measurement) {
          out.missing.push_back(fmt::format("{}: {}", row.name, measurement.missing));
        }
      }
      continue;
    }
    std::string unit;
    for (const auto& measurement : measurements) {
      unit = measurement.name == row.measurement ? measurement.unit : unit;
    }
    out.rows.push_back({row.formula, row.name, unit, row.documented(spec, values).value_or(0),
                        measured->second, queries[row.measurement]});
  }
  spec.calibration = {timestamp(context.clock), out.url, {}};
  for (const auto& [name, value] : values) {
    if (is_calibrated(name)) {
      spec.calibration.values[name] = value;
    }
  }
  return out;
}

Result<void> write_calibration(Context& context, const SizeSpec& source) {
  if (source.file.empty()) {
    return fail(Code::usage, "there is no obsctl.yaml to write the calibration to",
                "run in the stack's directory, or give --spec FILE");
  }
  OBS_TRY_ASSIGN(const std::string text,
                 edit_calibration(source.text, source.spec.calibration, source.shown_file));
  return context.files.write_atomic(source.file, text,
                                    context.files.mode(source.file).value_or(0644));
}

}  // namespace obsctl
