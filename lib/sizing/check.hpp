// `size --check`: can the declared hosts, disks and limits hold the load? Findings for people and
// CI.
#pragma once

#include <map>
#include <string>
#include <vector>

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

enum class Severity { warning, error };

struct Finding {
  Severity severity = Severity::error;
  std::string code;     // stable, for example "disk.loki"
  std::string message;  // what does not fit, with both numbers
  std::string hint;     // what to change; `fits_with` and `or_with` say to which values
  std::string source;   // formula, golden or contradiction id
  // Settings of the spec with which it fits, as text that set_field accepts; may be empty.
  std::map<std::string, std::string> fits_with = {};
  std::map<std::string, std::string> or_with = {};  // the same, for what may be done instead
};

// True when any of them is an error.
[[nodiscard]] bool any_error(const std::vector<Finding>& findings);

// What of a recommended plan does not fit: host, overrides below the rules, a load beyond the tier.
// Errors first; each with the nearest settings that fit, where there are any.
[[nodiscard]] Result<std::vector<Finding>> check_plan(const StackSpec& spec,
                                                      const Catalogs& catalogs,
                                                      const SizingReport& report);

// Findings, errors first: check_plan for the recommended model, and what the generated configs are
// limited to. Where a documented formula is known to be wrong (CT-08), the published
// rule decides about errors and the formula only warns.
[[nodiscard]] Result<std::vector<Finding>> check_stack(const StackSpec& spec,
                                                       const Catalogs& catalogs,
                                                       const SizingReport& report,
                                                       const DeclaredLimits& limits);

}  // namespace obsctl::sizing
