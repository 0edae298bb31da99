// SPDX-License-Identifier: Apache-2.0
// Words the settings of findings as flags; decides nothing.
#include "commands/findings.hpp"

namespace obsctl {

Findings in_flags(Findings findings, std::span<const SpecFlag> flags) {
  for (auto& finding : findings) {
    if (!finding.settings.empty()) {
      finding.hint += ": " + typed(finding.settings, flags);
    }
    for (const auto& other : finding.alternatives) {
      finding.hint += ", or " + typed(other, flags);
    }
  }
  return findings;
}

}  // namespace obsctl
