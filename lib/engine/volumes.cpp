// SPDX-License-Identifier: Apache-2.0
// Reads the engine's list of volumes.
#include "lib/engine/volumes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/engine/ask.hpp"
#include "lib/engine/fields.hpp"

namespace obsctl {

using Json = nlohmann::json;

Result<std::vector<EngineVolume>> engine_volumes(HttpClient& http, const Environment& environment,
                                                 const std::vector<std::string>& names) {
  constexpr std::size_t k_longest = 4 << 20;  // an entry has some 400 bytes
  // The filter takes parts of names, so it lets more through than was asked for.
  const Json filters = {{"name", names}};
  OBS_TRY_ASSIGN(const Json root,
                 engine::ask(http, environment,
                             "/volumes?filters=" + percent_encoded(filters.dump()), k_longest));
  const Json& rows = engine::part(root, "Volumes");
  if (!root.is_object() || !(rows.is_array() || rows.is_null())) {
    return engine::no_sense(environment, "no list of volumes");
  }
  std::vector<EngineVolume> out;
  for (const auto& row : rows) {
    EngineVolume one{.name = engine::text(row, "Name"),
                     .mountpoint = engine::text(row, "Mountpoint")};
    if (std::ranges::find(names, one.name) == names.end()) {
      continue;
    }
    const bool path = one.mountpoint.starts_with('/') && engine::is_plain(one.mountpoint);
    one.mountpoint = path ? one.mountpoint : "";
    one.plain = engine::text(row, "Driver") == "local" &&
                engine::text(engine::part(row, "Options"), "device").empty();
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace obsctl
