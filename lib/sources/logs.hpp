// SPDX-License-Identifier: Apache-2.0
// Evidence from logs: which signatures the last minutes of each component's log match, so that a check
// finds what no counter says.
#pragma once

#include <vector>

#include "lib/catalog/signatures.hpp"
#include "lib/engine/logs.hpp"
#include "lib/sources/context.hpp"

namespace obsctl::health {

// The samples of a log:
//   log_lines                                             read
//   log_signature{signature, severity, class, check, …}   lines that it matches, with at most three
//                                                         captures as further labels; severity is the
//                                                         one of a repeated line from three lines on
//   log_signature_last_seconds{signature}                 age of the newest of them
//   exporter_refusal{exporter, signal, reason}            why an exporter dropped what it did last
[[nodiscard]] Samples log_samples(const std::vector<LogLine>& lines,
                                  const catalog::Signatures& signatures, Time now);

// A question for the log of each component of an own stack that runs on this host; none for others.
[[nodiscard]] std::vector<Inquiry> log_inquiries(const Context& context);

}  // namespace obsctl::health
