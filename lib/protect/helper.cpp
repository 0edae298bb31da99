// SPDX-License-Identifier: Apache-2.0
// Makes and removes helpers.
#include "lib/protect/helper.hpp"

#include <algorithm>

#include "lib/engine/volume.hpp"

namespace obsctl::protect {

Result<std::unique_ptr<Helper>> Helper::open(Engine& engine, const std::string& volume) {
  HttpClient& http = engine.parts.http;
  const Environment& environment = engine.parts.environment;
  OBS_TRY_ASSIGN(const auto users, engine::volume_users(http, environment, volume));
  const auto user = std::ranges::find_if(
      users, [](const engine::VolumeUser& one) { return !one.helper && !one.image_id.empty(); });
  const bool own = user == users.end();
  std::string image = own ? "" : user->image_id;
  if (own) {
    OBS_TRY_ASSIGN(image, engine::empty_image(http, environment));
  }
  auto id = engine::create_helper(
      http, environment, {.volume = volume, .image = image, .owner = engine.journal.string()});
  if (!id) {
    if (own) {
      static_cast<void>(engine::remove_empty_image(http, environment));
    }
    return tl::make_unexpected(id.error());
  }
  return std::unique_ptr<Helper>(new Helper(engine, std::move(*id), own));
}

Helper::~Helper() {
  HttpClient& http = engine_.parts.http;
  const Environment& environment = engine_.parts.environment;
  static_cast<void>(engine::remove_helper(http, environment, id_));
  if (own_image_) {
    static_cast<void>(engine::remove_empty_image(http, environment));
  }
}

}  // namespace obsctl::protect
