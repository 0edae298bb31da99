// SPDX-License-Identifier: Apache-2.0
// Which printer a format has.
#include "lib/findings/print.hpp"

namespace obsctl {

std::string findings_as(CheckFormat format, const Findings& findings, const CheckInfo& info) {
  switch (format) {
    case CheckFormat::junit: return findings_junit(findings, info);
    case CheckFormat::sarif: return findings_sarif(findings, info);
    case CheckFormat::github: break;
  }
  return findings_github(findings);
}

}  // namespace obsctl
