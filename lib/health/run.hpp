// SPDX-License-Identifier: Apache-2.0
// One check of a subject, from the questions to the report.
#pragma once

#include <string>
#include <vector>

#include "lib/health/report.hpp"
#include "lib/sources/gather.hpp"
#include "lib/sources/subject.hpp"

namespace obsctl::health {

struct Selection {
  // Ids ("COL-004"), categories ("delivery") or components; empty: all.
  std::vector<std::string> only = {};
  std::vector<std::string> skip = {};
};

// Leaves in `subject` the checks that are selected, and those that they need. Errors: a name that no
// check has (Code::usage).
[[nodiscard]] Result<void> select(Subject& subject, const Selection& selection);

// Takes out of a report what is well and was only needed by a check that is selected.
void keep_selected(Report& report, const Selection& selection);

// What the checks of a subject say about evidence that took so long to gather.
[[nodiscard]] Report judged(const Subject& subject, Evidence evidence, Duration took);

// Gathers evidence and judges it. Errors: stopped.
[[nodiscard]] Result<Report> check(const Services& services, const Subject& subject,
                                   const GatherOptions& options);

}  // namespace obsctl::health
