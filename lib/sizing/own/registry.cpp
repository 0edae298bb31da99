// SPDX-License-Identifier: Apache-2.0
// Lists the components that have formulas of their own.
#include "lib/sizing/own/registry.hpp"

#include <algorithm>

// One line per component: the function of that name in its file.
#define OBSCTL_OWN_RULES(component) \
  component(kafka);                 \
  component(loki);                  \
  component(mimir);                 \
  component(otel_collector);        \
  component(prometheus);            \
  component(tempo);                 \
  component(victoriametrics);

namespace obsctl::sizing {

namespace own {
#define OBSCTL_DECLARE(component) OwnRules component()
OBSCTL_OWN_RULES(OBSCTL_DECLARE)
#undef OBSCTL_DECLARE
}  // namespace own

const std::vector<OwnRules>& all_own_rules() {
  static const std::vector<OwnRules> k_all = [] {
    std::vector<OwnRules> out;
#define OBSCTL_ADD(component) out.push_back(own::component())
    OBSCTL_OWN_RULES(OBSCTL_ADD)
#undef OBSCTL_ADD
    return out;
  }();
  return k_all;
}

const OwnRules* own_rules(std::string_view component) {
  const auto found = std::ranges::find(all_own_rules(), component, &OwnRules::component);
  return found == all_own_rules().end() ? nullptr : &*found;
}

Input constant(const LoadInputs& in, const char* name, const char* label, const char* unit) {
  const catalog::PublishedRule& rule = in.catalogs.models.rule(name);
  return {label, rule.value, unit, rule.source};
}

}  // namespace obsctl::sizing
