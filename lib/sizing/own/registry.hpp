// SPDX-License-Identifier: Apache-2.0
// The formulas of single components: what their rows of sizing.yaml cannot say.
//
// A component with any has one file in this folder, <name>.cpp, and one line in registry.cpp.
#pragma once

#include "lib/sizing/check.hpp"
#include "lib/sizing/components.hpp"

namespace obsctl::sizing {

// Each may be null: the component has nothing of its own there.
struct OwnRules {
  using Rule = Quantity (*)(const ComponentInputs&);

  const char* component = nullptr;
  // Of the published model, over all instances.
  Rule cores = nullptr;
  Rule memory = nullptr;
  // Of the published model: GB of metrics per day.
  Quantity (*metrics_daily)(const LoadInputs&) = nullptr;
  // How many the spec asks for; 0: it does not say.
  Instances (*instances)(const StackSpec&) = nullptr;
  // Formulas of one instance that the documents have for this component alone.
  void (*formulas)(const ComponentInputs&, ComponentPlan&) = nullptr;
  // What a report says about it beyond its limits.
  void (*report)(const ComponentInputs&, SizingReport&) = nullptr;
  void (*check)(const StackSpec&, const SizingReport&, Findings&) = nullptr;
};

[[nodiscard]] const std::vector<OwnRules>& all_own_rules();

// Those of a component, or null.
[[nodiscard]] const OwnRules* own_rules(std::string_view component);

// A constant of models.yaml as an input.
[[nodiscard]] Input constant(const LoadInputs& in, const char* name, const char* label,
                             const char* unit);

}  // namespace obsctl::sizing
