// SPDX-License-Identifier: Apache-2.0
// `size --check`: can the declared hosts, disks and limits hold the load? Findings for people and
// CI.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/findings/finding.hpp"
#include "lib/sizing/plan.hpp"

namespace obsctl::sizing {

// A number in a component's configuration, as `declares` of its component.yaml finds it.
struct DeclaredFact {
  catalog::Fact fact = catalog::Fact::num_traces;
  double value = 0;  // sizes in bytes
  std::string component;
  std::string file;
  std::string key;  // "processors.memory_limiter.limit_mib"
};

// What the generated files say and a check holds against the load. An absent fact or limit was not
// found and is not checked.
struct DeclaredLimits {
  std::vector<DeclaredFact> facts;
  std::map<std::string, ComponentOverride> components;  // limits of the containers, by component
  std::string components_file;
};

// What of a recommended plan does not fit: host, overrides below the rules, a load beyond the tier.
// Errors first; each with the nearest settings that fit, where there are any.
[[nodiscard]] Result<Findings> check_plan(const StackSpec& spec, const Catalogs& catalogs,
                                          const SizingReport& report);

// Findings, errors first: check_plan for the recommended model, and what the generated configs are
// limited to. Where a documented formula is known to be wrong, the published
// rule decides about errors and the formula only warns.
[[nodiscard]] Result<Findings> check_stack(const StackSpec& spec, const Catalogs& catalogs,
                                           const SizingReport& report,
                                           const DeclaredLimits& limits);

}  // namespace obsctl::sizing
