// The data that sizing reads, as one value, so that the plan stays a pure function of spec and
// data.
#pragma once

#include <vector>

#include "lib/catalog/models.hpp"
#include "lib/catalog/prices.hpp"
#include "lib/catalog/tiers.hpp"

namespace obsctl::sizing {

struct Catalogs {
  std::vector<catalog::Tier> tiers;
  catalog::PriceBook prices;
  std::vector<catalog::InstanceTypes> instances;
  catalog::ModelData models;

  // A tier by name; an unknown one is a usage error with a suggestion.
  [[nodiscard]] Result<const catalog::Tier*> tier(std::string_view name) const;
};

// Parses the embedded catalog files.
[[nodiscard]] Result<Catalogs> load_catalogs();

}  // namespace obsctl::sizing
