// SPDX-License-Identifier: Apache-2.0
// What a run measured that sizing otherwise assumes: bytes per item and the share that sampling
// keeps, for the calibration of a stack's obsctl.yaml.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "lib/io/clock.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/loadgen/report.hpp"

namespace obsctl::loadgen {

// By the names of sizing::calibrated; a signal that was not sent has none.
[[nodiscard]] std::map<std::string, double> calibration_values(const Report& report);

// Writes the report's `measured` values into the obsctl.yaml `spec_file`, keeping everything else
// in it. Errors: it cannot be read, is not a spec, or cannot be written.
[[nodiscard]] Result<void> write_calibration(FileSystem& files, const Clock& clock,
                                             const std::filesystem::path& spec_file,
                                             const Report& report);

}  // namespace obsctl::loadgen
