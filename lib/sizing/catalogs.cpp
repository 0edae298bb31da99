// Loads the embedded catalogs.
#include "lib/sizing/catalogs.hpp"

#include <fmt/format.h>

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
  return fail(Code::usage, fmt::format("unknown tier '{}'", name),
              hint.empty() ? "tiers: " + join(names, ", ") : hint);
}

Result<Catalogs> load_catalogs() {
  Catalogs out;
  OBS_TRY_ASSIGN(out.tiers, catalog::tiers());
  OBS_TRY_ASSIGN(out.prices, catalog::prices());
  OBS_TRY_ASSIGN(out.instances, catalog::instances());
  OBS_TRY_ASSIGN(out.models, catalog::models());
  return out;
}

}  // namespace obsctl::sizing
