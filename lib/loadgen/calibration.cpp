// SPDX-License-Identifier: Apache-2.0
// Measures sizes from a report and edits them into a spec.
#include "lib/loadgen/calibration.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>

#include "lib/model/spec_edit.hpp"
#include "lib/sizing/load.hpp"

namespace obsctl::loadgen {

std::map<std::string, double> calibration_values(const Report& report) {
  std::map<std::string, double> out;
  const auto set = [&](const char* name, otlp::Signal signal) {
    const SignalTally& tally = report.result.signals[static_cast<std::size_t>(signal)];
    if (tally.sent > 0) {
      const double size = static_cast<double>(tally.body_bytes) / static_cast<double>(tally.sent);
      out[name] = std::round(size * 10) / 10;
    }
  };
  set(sizing::calibrated::span_size, otlp::Signal::traces);
  set(sizing::calibrated::line_size, otlp::Signal::logs);
  if (report.ledger && report.sampling && report.sampling->collector) {
    for (const LedgerLine& line : report.ledger->lines) {
      if (line.signal == "traces" && line.untold.empty() && line.exports_told &&
          line.received > 0) {
        out[sizing::calibrated::kept] = std::round(line.exported / line.received * 1e4) / 1e4;
      }
    }
  }
  return out;
}

Result<void> write_calibration(FileSystem& files, const Clock& clock,
                               const std::filesystem::path& spec_file, const Report& report) {
  // Read again: a run takes long enough to edit the file meanwhile.
  OBS_TRY_ASSIGN(const std::string before, files.read(spec_file));
  OBS_TRY_ASSIGN(StackSpec spec, read_spec(before, spec_file.string()));
  Calibration& calibration = spec.calibration;
  for (const auto& [name, value] : report.measured) {
    calibration.values[name] = value;
  }
  calibration.measured_at = fmt::format(
      "{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(clock.now())));
  calibration.source = "loadgen " + report.scenario;
  OBS_TRY_ASSIGN(const std::string after,
                 edit_calibration(before, calibration, spec_file.string()));
  return files.write_atomic(spec_file, after, files.mode(spec_file).value_or(0644));
}

}  // namespace obsctl::loadgen
