// SPDX-License-Identifier: Apache-2.0
// Loads the embedded catalogs.
#include "lib/sizing/catalogs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"

namespace obsctl::sizing {

Result<const catalog::Tier*> Catalogs::tier(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& row : tiers) {
    if (row.name == name) {
      return &row;
    }
    names.push_back(row.name);
  }
  const std::string hint = did_you_mean(name, names);
  return fail_setting("tier", fmt::format("unknown tier '{}'", name),
                      hint.empty() ? "tiers: " + join(names, ", ") : hint);
}

const catalog::Profile* Catalogs::profile(std::string_view name) const {
  const auto found = std::ranges::find(profiles, name, &catalog::Profile::name);
  return found == profiles.end() ? nullptr : &*found;
}

const catalog::ComponentSizing* Catalogs::sizing_of(const std::string& component) const {
  const auto found = rules.find(component);
  return found == rules.end() ? nullptr : &found->second;
}

bool Catalogs::stores(const std::string& component, catalog::Signal signal) const {
  const catalog::ComponentSizing* sizing = sizing_of(component);
  return sizing != nullptr && sizing->stores.contains(signal);
}

Result<Catalogs> load_catalogs() {
  Catalogs out;
  OBS_TRY_ASSIGN(out.tiers, catalog::tiers());
  OBS_TRY_ASSIGN(out.prices, catalog::prices());
  OBS_TRY_ASSIGN(out.instances, catalog::instances());
  OBS_TRY_ASSIGN(out.models, catalog::models());
  OBS_TRY_ASSIGN(out.profiles, catalog::profiles());
  OBS_TRY_ASSIGN(out.rules, catalog::sizing_rules());
  OBS_TRY_ASSIGN(out.common_settings, catalog::common_settings());
  OBS_TRY_ASSIGN(out.measures, catalog::measures());
  OBS_TRY_ASSIGN(out.components, catalog::components());
  OBS_TRY_ASSIGN(out.single_node, catalog::single_node_stack());
  return out;
}

}  // namespace obsctl::sizing
