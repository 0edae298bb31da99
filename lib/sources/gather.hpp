// SPDX-License-Identifier: Apache-2.0
// Asks all sources at once, so that a dead host costs its timeout once and the whole takes as long as
// the slowest answer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/base/units.hpp"
#include "lib/checks/evidence.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::health {

// One question. `read` is called from a thread of its own.
struct Inquiry {
  std::string component;  // empty: about the stack as a whole
  Source source = Source::metrics;
  std::string from;    // as Reading::from
  bool twice = false;  // what grows is read again after the sample time
  std::function<Result<Samples>()> read;
};

struct GatherOptions {
  Duration sample = {3};   // between the two readings
  Duration timeout = {2};  // of one question
};

// Every question that can be asked about this subject.
[[nodiscard]] std::vector<Inquiry> inquiries(const Services& services, const Subject& subject,
                                             const GatherOptions& options);

// How far apart the two readings of each of Evidence::readings ought to be, after a look at them.
using Longer = std::function<std::vector<Duration>(const Evidence&)>;

// Asks them, and those with `twice` again after the sample time, and once more those for which
// `longer` wants more than that: the last answer counts. What failed is not asked again. Errors:
// stopped.
[[nodiscard]] Result<Evidence> gather(const Services& services,
                                      const std::vector<Inquiry>& questions, Duration sample,
                                      const Longer& longer = {});

}  // namespace obsctl::health
