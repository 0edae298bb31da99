// SPDX-License-Identifier: Apache-2.0
// What a running stack measures about itself, and how it becomes a calibration.
#pragma once

#include "lib/size/output.hpp"
#include "lib/size/size.hpp"
#include "lib/size/spec.hpp"

namespace obsctl::size {

// Measures the stack behind `url` and puts what was found into spec.calibration. The measured rates
// take the place of the spec's, unless the spec sets them. Errors: unreachable, not a Prometheus,
// nothing measurable at all.
[[nodiscard]] Result<Measured> measure_stack(const Services& services, const std::string& url,
                                             const sizing::Catalogs& catalogs, StackSpec& spec);

// Writes source.spec's calibration into its file, atomically, leaving every other line as it is.
// Errors: there is no file; writing fails.
[[nodiscard]] Result<void> write_calibration(FileSystem& files, const SpecSource& source);

}  // namespace obsctl::size
