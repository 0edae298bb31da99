// `size --from-prometheus` and `--write-calibration`.
#pragma once

#include "commands/size_options.hpp"
#include "commands/size_output.hpp"

namespace obsctl {

// Measures the stack behind `url` and puts what was found into spec.calibration. The measured rates
// take the place of the spec's, unless the spec sets them. Errors: unreachable, not a Prometheus,
// nothing measurable at all.
[[nodiscard]] Result<Measured> measure_stack(Context& context, const std::string& url,
                                             const sizing::Catalogs& catalogs, StackSpec& spec);

// Writes source.spec's calibration into its file, atomically, leaving every other line as it is.
// Errors: there is no file; writing fails.
[[nodiscard]] Result<void> write_calibration(Context& context, const SizeSpec& source);

}  // namespace obsctl
