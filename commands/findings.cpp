// Turns the settings of findings into flags; decides nothing.
#include "commands/findings.hpp"

#include "commands/init_flags.hpp"

namespace obsctl {

std::vector<sizing::Finding> in_flags(std::vector<sizing::Finding> findings) {
  for (auto& finding : findings) {
    if (!finding.fits_with.empty()) {
      finding.hint += ": " + typed(finding.fits_with, k_init_flags);
    }
    if (!finding.or_with.empty()) {
      finding.hint += ", or " + typed(finding.or_with, k_init_flags);
    }
  }
  return findings;
}

}  // namespace obsctl
