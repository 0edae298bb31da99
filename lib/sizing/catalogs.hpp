// SPDX-License-Identifier: Apache-2.0
// The data that sizing reads, as one value, so that the plan stays a pure function of spec and
// data.
#pragma once

#include <vector>

#include "lib/catalog/component_sizing.hpp"
#include "lib/catalog/components.hpp"
#include "lib/catalog/measures.hpp"
#include "lib/catalog/models.hpp"
#include "lib/catalog/prices.hpp"
#include "lib/catalog/profiles.hpp"
#include "lib/catalog/tiers.hpp"

namespace obsctl::sizing {

struct Catalogs {
  std::vector<catalog::Tier> tiers;
  catalog::PriceBook prices;
  std::vector<catalog::InstanceTypes> instances;
  catalog::ModelData models;
  std::vector<catalog::Profile> profiles;
  catalog::SizingRules rules;                         // by component
  std::vector<catalog::SettingRule> common_settings;  // of every component
  std::vector<catalog::Measure> measures;             // without the components' own queries
  catalog::Components components;
  std::vector<catalog::StackEntry> single_node;  // the stack of one host

  // The profile by name, or null.
  [[nodiscard]] const catalog::Profile* profile(std::string_view name) const;

  // The sizing rules of a component, or null.
  [[nodiscard]] const catalog::ComponentSizing* sizing_of(const std::string& component) const;

  // True when the component is a store of the signal, by its own rules.
  [[nodiscard]] bool stores(const std::string& component, catalog::Signal signal) const;

  // A tier by name; an unknown one is a usage error with a suggestion.
  [[nodiscard]] Result<const catalog::Tier*> tier(std::string_view name) const;
};

// Parses the embedded catalog files.
[[nodiscard]] Result<Catalogs> load_catalogs();

}  // namespace obsctl::sizing
