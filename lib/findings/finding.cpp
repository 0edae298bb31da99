// SPDX-License-Identifier: Apache-2.0
// Counts and orders findings, and makes findings of the mistakes of a file.
#include "lib/findings/finding.hpp"

#include <algorithm>

namespace obsctl {
namespace {

Finding finding_of(const Error& error, const std::string& id) {
  return {.id = id,
          .subject = error.subject,
          .place = error.at,
          .message = error.message,
          .hint = error.hint,
          .settings = error.settings};
}

}  // namespace

FindingCounts count(const Findings& findings) {
  FindingCounts out;
  for (const auto& finding : findings) {
    switch (finding.severity) {
      case Severity::error: ++out.errors; break;
      case Severity::warning: ++out.warnings; break;
      case Severity::note: ++out.notes; break;
    }
  }
  return out;
}

bool any_error(const Findings& findings) {
  return count(findings).errors > 0;
}

void sort_by_severity(Findings& findings) {
  std::ranges::stable_sort(findings, std::greater(), &Finding::severity);
}

Findings findings_of(const Error& error, const std::string& id) {
  Findings out = {finding_of(error, id)};
  for (const auto& more : error.more) {
    out.push_back(finding_of(more, id));
  }
  return out;
}

}  // namespace obsctl
