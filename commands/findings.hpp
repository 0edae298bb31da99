// SPDX-License-Identifier: Apache-2.0
// What a check found, in the words of the command line.
#pragma once

#include "commands/spec_flags.hpp"
#include "lib/findings/finding.hpp"

namespace obsctl {

// The findings with their settings as flags to paste, behind their hints.
[[nodiscard]] Findings in_flags(Findings findings, std::span<const SpecFlag> flags);

}  // namespace obsctl
