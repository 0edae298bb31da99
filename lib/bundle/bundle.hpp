// SPDX-License-Identifier: Apache-2.0
// A support archive: what somebody else needs to find out what is wrong with a stack, without its
// secrets.
#pragma once

#include <string>

#include "lib/base/error.hpp"
#include "lib/health/report.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::bundle {

// The bytes of a .tar.gz archive with one folder, obsctl-health/:
//   evidence.json  what was seen and of what, for `obsctl health --from`
//   report.json, report.txt
//   bundle.json    schema obsctl.health.bundle/v1: versions, images, and what was left out and why
//   stack/…        of an own stack: obsctl.yaml, what was generated, everything below configs/
//   logs/…         the end of the log of each container on this host
//
// It holds no secret that is known or looks like one, no file that only its owner may read, and nothing
// that is a link; it is at most 15 MiB before it is packed. `version` is that of this obsctl. Errors: a
// secret file cannot be read, so that its secret could not be looked for; the evidence is too large.
[[nodiscard]] Result<std::string> support_archive(const health::Services& services,
                                                  const health::Subject& subject,
                                                  const health::Report& report,
                                                  const std::string& version);

}  // namespace obsctl::bundle
