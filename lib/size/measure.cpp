// SPDX-License-Identifier: Apache-2.0
// From measurements to a calibration.
#include "lib/size/measure.hpp"

#include <fmt/format.h>

#include "lib/base/time.hpp"
#include "lib/model/spec_edit.hpp"
#include "lib/prom/measure.hpp"
#include "lib/sizing/formulas.hpp"

namespace obsctl::size {
namespace {

using Values = std::map<std::string, double>;

std::optional<double> find(const Values& values, const char* name) {
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> events(const Values& values) {
  const auto spans = find(values, sizing::calibrated::spans);
  const auto lines = find(values, sizing::calibrated::lines);
  return spans || lines ? std::optional(spans.value_or(0) + lines.value_or(0)) : std::nullopt;
}

// What a measurement is compared with: a documented size, or a formula at the measured load.
using Documented = std::optional<double> (*)(const StackSpec&, const Values&);

const std::map<std::string, Documented>& comparisons() {
  using Spec = const StackSpec&;
  using In = const Values&;
  static const std::map<std::string, Documented> k_all = {
      {sizing::calibrated::span_size,
       [](Spec spec, In) { return std::optional(spec.traces.span_size.value); }},
      {sizing::calibrated::sample_size,
       [](Spec spec, In) {
         return std::optional(spec.metrics.sample_size.value_or(Bytes{3}).value);
       }},
      {sizing::calibrated::line_size,
       [](Spec spec, In) {
         return std::optional(spec.logs.line_size.value * spec.logs.storage_factor.value_or(1));
       }},
      {"received_line_bytes",
       [](Spec spec, In) { return std::optional(spec.logs.line_size.value); }},
      {sizing::calibrated::kept,
       [](Spec spec, In) {
         return std::optional(sizing::tail_out(1, spec.traces.errors.value, spec.traces.slow.value,
                                               spec.traces.keep.value));
       }},
      {"collector_memory_bytes",
       [](Spec, In values) -> std::optional<double> {
         const auto rate = events(values);
         return rate ? std::optional(sizing::collector_memory_gb(*rate) * 1e9) : std::nullopt;
       }},
      {"collector_cores",
       [](Spec, In values) -> std::optional<double> {
         const auto rate = events(values);
         return rate ? std::optional(sizing::collector_cores(*rate)) : std::nullopt;
       }},
      {"metrics_store_memory_bytes",
       [](Spec, In values) -> std::optional<double> {
         const auto series = find(values, sizing::calibrated::series);
         return series ? std::optional(sizing::series_memory_gb(*series) * 1e9) : std::nullopt;
       }},
      {"log_store_memory_bytes",
       [](Spec, In values) -> std::optional<double> {
         const auto streams = find(values, sizing::calibrated::streams);
         return streams ? std::optional(sizing::stream_memory_gb(*streams) * 1e9) : std::nullopt;
       }},
  };
  return k_all;
}

double documented(const std::string& measure, const StackSpec& spec, const Values& values) {
  const auto found = comparisons().find(measure);
  return found == comparisons().end() ? 0 : found->second(spec, values).value_or(0);
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

}  // namespace

Result<Measured> measure_stack(const Services& services, const std::string& url,
                               const sizing::Catalogs& catalogs, StackSpec& spec) {
  const prom::QueryClient client(services.http, url);
  const auto measures = catalog::with_components(catalogs.measures, catalogs.rules);
  std::vector<prom::Probe> probes;
  for (const auto& measure : measures) {
    probes.push_back({measure.name, measure.queries});
  }
  OBS_TRY_ASSIGN(const auto measurements, prom::measure(client, probes, services.clock));
  Values values;
  for (const auto& measurement : measurements) {
    if (measurement.value) {
      values[measurement.name] = *measurement.value;
    }
  }
  Measured out;
  out.url = shown_url(client.url());  // it is printed and written to obsctl.yaml
  if (values.empty()) {
    return fail(
        Code::missing, fmt::format("'{}' has none of the stack's metrics", out.url),
        "ask the Prometheus, or another server with its query API, that scrapes this stack");
  }
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const catalog::Measure& measure = measures[i];
    if (const auto& value = measurements[i].value) {
      out.rows.push_back({measure.formula, measure.title, measure.unit,
                          documented(measure.name, spec, values), *value, measurements[i].query});
    } else {
      out.missing.push_back(fmt::format("{}: {}", measure.title, measure.missing));
    }
  }
  spec.calibration = {print_time(services.clock.now()), out.url, {}};
  for (const auto& [name, value] : values) {
    if (is_calibrated(name)) {
      spec.calibration.values[name] = value;
    }
  }
  return out;
}

Result<void> write_calibration(FileSystem& files, const SpecSource& source) {
  if (source.file.empty()) {
    return fail(Code::usage, "there is no obsctl.yaml to write the calibration to",
                "run in the stack's directory, or name its file with --spec FILE");
  }
  OBS_TRY_ASSIGN(const std::string text,
                 edit_calibration(source.text, source.spec.calibration, source.shown));
  return files.write_atomic(source.file, text, files.mode(source.file).value_or(0644));
}

}  // namespace obsctl::size
