// SPDX-License-Identifier: Apache-2.0
// Health checks as data: templates/components/<name>/health.yaml for what belongs to one component,
// templates/catalog/health.yaml for what every component and the stack as a whole have.
//
// A row says what is read, when that is a finding, what a person reads about it and what they do. A
// component that somebody adds brings its own checks; no code knows one.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/choice.hpp"
#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/catalog/alerts.hpp"

namespace obsctl::catalog {

// The headings under which results are rolled up, in the order in which they are printed.
enum class HealthCategory {
  engine,
  services,
  delivery,
  configuration,
  stores,
  watching,
  storage,
  security,
  backup
};

constexpr auto names_of(HealthCategory) {
  using enum HealthCategory;
  return std::to_array<Named<HealthCategory>>({{engine, "engine"},
                                               {services, "services"},
                                               {delivery, "delivery"},
                                               {configuration, "configuration"},
                                               {stores, "stores"},
                                               {watching, "watching"},
                                               {storage, "storage"},
                                               {security, "security"},
                                               {backup, "backup"}});
}

struct HealthCheck {
  std::string id;         // "COL-004", stable
  std::string component;  // that it is about; empty: the stack as a whole
  HealthCategory category = HealthCategory::services;
  std::string title;               // what is true when all is well: "exporters deliver"
  std::string when;                // value of the stack that must be on; empty: always
  std::vector<std::string> reads;  // names of sources
  // Labels that tell the subjects apart: one finding for each combination. Samples are summed over
  // all other labels.
  std::vector<std::string> by;
  // At least so long is looked at what this check found something in: 0: as long as at everything.
  Duration sample = {0};
  // Expressions over the samples (lib/checks/expression.hpp), most serious first; at least one.
  std::string error;
  std::string warning;
  std::string note;
  // Further expressions that texts name in braces: {full_in}. `seconds_to_loss` orders findings.
  std::vector<std::pair<std::string, std::string>> values;
  // What the component's log says about a subject, by the names under which texts quote it: a label
  // of the sample with that name, among those whose labels fit the subject's.
  std::vector<std::pair<std::string, std::string>> quotes = {};
  // Texts may name labels, values and quotes in braces, with a format behind a colon: {share:%},
  // {full_in:s}, {used:B}, {rate:n}; plain text otherwise. A part in [brackets] is left out when what
  // it names is not there.
  std::string says;                // the fact, no full stop
  std::string cause;               // one line: why that happens; may be empty
  std::string fix;                 // what to do, with commands in backticks
  std::vector<std::string> needs;  // checks without which this one cannot be judged: it is skipped
  // Checks whose finding explains this one: it is shown as their effect.
  std::vector<std::string> explained_by;
  SourcePos at;
};

// The rows of one file; `component` is empty for those of the catalog. Errors: unknown or missing
// keys, an id used twice, no condition; all of a file are reported, each with file:line:column.
[[nodiscard]] Result<std::vector<HealthCheck>> parse_health_checks(const SourceText& source,
                                                                   const std::string& component);

}  // namespace obsctl::catalog
