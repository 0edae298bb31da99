// SPDX-License-Identifier: Apache-2.0
// Findings for people, for scripts and for the services that show them beside code.
//
// All are pure functions of their input. Hints are printed as they stand: who knows how a user
// gives a setting (as a flag, in a file) has put it into them before.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "lib/findings/finding.hpp"

namespace obsctl {

// What was checked, as far as a report names it.
struct CheckInfo {
  std::string name;          // of the check, for example "size --check"
  std::string passed = {};   // what is said when nothing was found, without full stop
  std::string version = {};  // of obsctl
};

// Errors, warnings and notes below each other, each with its hint, and a line that counts them.
[[nodiscard]] std::string findings_text(const Findings& findings, const CheckInfo& info,
                                        bool color);

// An array with an object per finding: id, severity, subject, place {file, line, column}, message,
// evidence, hint, settings, alternatives. Absent parts are left out.
[[nodiscard]] nlohmann::ordered_json findings_json(const Findings& findings);

// A document of schema obsctl.findings/v1 with that array as `findings`, and their counts.
[[nodiscard]] std::string findings_document(const Findings& findings, const CheckInfo& info);

// JUnit XML: a test case per finding, or one that passed when there is none. Only errors fail;
// warnings and notes are the output of a case that passed.
[[nodiscard]] std::string findings_junit(const Findings& findings, const CheckInfo& info);

// SARIF 2.1.0: one run, a rule per id.
[[nodiscard]] std::string findings_sarif(const Findings& findings, const CheckInfo& info);

// Workflow commands of GitHub Actions: one line per finding.
[[nodiscard]] std::string findings_github(const Findings& findings);

// What the services that run checks read.
enum class CheckFormat { junit, sarif, github };

constexpr auto names_of(CheckFormat) {
  return std::to_array<Named<CheckFormat>>({{CheckFormat::junit, "junit"},
                                            {CheckFormat::sarif, "sarif"},
                                            {CheckFormat::github, "github"}});
}

[[nodiscard]] std::string findings_as(CheckFormat format, const Findings& findings,
                                      const CheckInfo& info);

}  // namespace obsctl
