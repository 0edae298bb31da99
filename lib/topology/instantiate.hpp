// SPDX-License-Identifier: Apache-2.0
// ComponentDef → Component: texts filled in, ports published, limits and settings of the sizing.
//
// Internal to lib/topology.
#pragma once

#include "lib/catalog/components.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/sizing/report.hpp"
#include "lib/template/template.hpp"

namespace obsctl::topology {

// What every component of a stack is made from.
struct Context {
  const StackSpec& spec;
  const sizing::SizingReport& report;
  Values shared;  // retention, flags, what others provide
};

// `retention`, and the flags that component.yaml may ask for.
[[nodiscard]] Values shared_values(const StackSpec& spec, const Retention& retention);

// Errors: a text names a value that there is not.
[[nodiscard]] Result<Component> instantiate(const catalog::ComponentDef& def,
                                            const Context& context);

}  // namespace obsctl::topology
