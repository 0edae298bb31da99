// Limits in the generated configs beside a spec, for `size --check`.
#pragma once

#include "commands/size_options.hpp"
#include "lib/sizing/check.hpp"

namespace obsctl {

// Reads the collector's and Prometheus' config in the directory of the spec, where they exist.
// Errors: a config that is not valid YAML.
[[nodiscard]] Result<sizing::DeclaredLimits> declared_limits(const Context& context,
                                                             const SizeSpec& source);

}  // namespace obsctl
