// SPDX-License-Identifier: Apache-2.0
// Changes values inside an obsctl.yaml that a person has edited, leaving everything else in it
// alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/model/spec.hpp"

namespace obsctl {

// `text` (which reads as `from`) edited so that it reads as `to`, with the same fields asked for;
// nothing when that takes more than replacing, adding, uncommenting or commenting out single lines.
[[nodiscard]] std::optional<std::string> edit_spec(std::string_view text, const StackSpec& from,
                                                   const StackSpec& to);

// `text` with this calibration, which is not empty, in place of its own and at the end; every other
// line stays. Errors: `text` is not a spec, or its calibration cannot be told from the rest. `file`
// names it in them.
[[nodiscard]] Result<std::string> edit_calibration(std::string_view text, const Calibration& to,
                                                   const std::string& file);

}  // namespace obsctl
