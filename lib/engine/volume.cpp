// SPDX-License-Identifier: Apache-2.0
// Volumes: what the engine says of them, and what it is asked to do.
#include "lib/engine/volume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/engine/ask.hpp"
#include "lib/engine/command.hpp"
#include "lib/engine/fields.hpp"
#include "lib/engine/helper.hpp"

namespace obsctl::engine {
namespace {

using Json = nlohmann::json;

constexpr std::size_t k_longest = 16UL << 20;

std::map<std::string, std::string> texts(const Json& object) {
  std::map<std::string, std::string> out;
  if (object.is_object()) {
    for (const auto& [key, value] : object.items()) {
      if (value.is_string()) {
        out.emplace(key, value.get<std::string>());
      }
    }
  }
  return out;
}

VolumeFacts read_facts(const Json& row) {
  return {.name = text(row, "Name"),
          .driver = text(row, "Driver"),
          .scope = text(row, "Scope"),
          .options = texts(part(row, "Options")),
          .labels = texts(part(row, "Labels"))};
}

// How a container mounts the volume; null where it does not.
const Json* mount_of(const Json& row, const std::string& volume) {
  const Json& mounts = part(row, "Mounts");
  if (!mounts.is_array()) {
    return nullptr;
  }
  const auto at = std::ranges::find_if(mounts, [&](const Json& mount) {
    return text(mount, "Type") == "volume" && text(mount, "Name") == volume;
  });
  return at == mounts.end() ? nullptr : &*at;
}

VolumeUser read_user(const Json& row, const Json& mount) {
  const Json& labels = part(row, "Labels");
  const Json& names = part(row, "Names");
  VolumeUser out{.id = text(row, "Id"),
                 .name = {},
                 .project = text(labels, "com.docker.compose.project"),
                 .service = text(labels, "com.docker.compose.service"),
                 .image_id = text(row, "ImageID"),
                 .running = text(row, "State") != "exited" && text(row, "State") != "created" &&
                            text(row, "State") != "dead",
                 .writes = !part(mount, "RW").is_boolean() || flag(mount, "RW"),
                 .helper = !text(labels, k_helper_label).empty()};
  if (names.is_array() && !names.empty() && names.front().is_string()) {
    out.name = names.front().get<std::string>();
    out.name.erase(0, out.name.starts_with('/') ? 1 : 0);
  }
  out.name = is_plain(out.name) ? out.name : out.id;
  return out;
}

}  // namespace

bool VolumeFacts::in_memory() const {
  const auto type = options.find("type");
  return driver == "local" && type != options.end() && type->second == "tmpfs";
}

Result<std::optional<VolumeFacts>> volume_facts(HttpClient& http, const Environment& environment,
                                                const std::string& name) {
  constexpr int k_not_there = 404;
  OBS_TRY_ASSIGN(
      const HttpResponse response,
      carry_out(
          http, environment,
          {.method = "GET", .path = "/volumes/" + percent_encoded(name), .also = {k_not_there}},
          fmt::format("the volume '{}' cannot be looked at", name)));
  if (response.status == k_not_there) {
    return std::optional<VolumeFacts>();
  }
  VolumeFacts facts = read_facts(Json::parse(response.body, nullptr, false));
  if (facts.name != name || facts.driver.empty()) {
    return no_sense(environment, "no volume");
  }
  return std::optional(std::move(facts));
}

Result<std::vector<VolumeFacts>> labelled_volumes(HttpClient& http, const Environment& environment,
                                                  const std::string& label) {
  const Json filters = {{"label", {label}}};
  OBS_TRY_ASSIGN(
      const Json root,
      ask(http, environment, "/volumes?filters=" + percent_encoded(filters.dump()), k_longest));
  const Json& rows = part(root, "Volumes");
  if (!root.is_object() || !(rows.is_array() || rows.is_null())) {
    return no_sense(environment, "no list of volumes");
  }
  std::vector<VolumeFacts> out;
  for (const Json& row : rows) {
    VolumeFacts facts = read_facts(row);
    if (is_plain(facts.name)) {
      out.push_back(std::move(facts));
    }
  }
  return out;
}

Result<void> create_volume(HttpClient& http, const Environment& environment,
                           const VolumeFacts& facts) {
  OBS_TRY_ASSIGN(const auto there, volume_facts(http, environment, facts.name));
  if (there) {  // the engine would answer as if it had made it
    return fail(Code::failed, fmt::format("there is a volume '{}' already", facts.name));
  }
  const Json body = {{"Name", facts.name},
                     {"Driver", facts.driver},
                     {"DriverOpts", facts.options},
                     {"Labels", facts.labels}};
  OBS_TRY(carry_out(http, environment, {.path = "/volumes/create", .body = body.dump()},
                    fmt::format("the volume '{}' cannot be made", facts.name)));
  return {};
}

Result<void> remove_volume(HttpClient& http, const Environment& environment,
                           const std::string& name) {
  OBS_TRY(carry_out(http, environment,
                    {.method = "DELETE", .path = "/volumes/" + percent_encoded(name)},
                    fmt::format("the volume '{}' cannot be removed", name)));
  return {};
}

Result<std::vector<VolumeUser>> volume_users(HttpClient& http, const Environment& environment,
                                             const std::string& name) {
  const Json filters = {{"volume", {name}}};
  OBS_TRY_ASSIGN(const Json rows, list_containers(http, environment, filters));
  std::vector<VolumeUser> out;
  for (const Json& row : rows) {
    // The filter takes names of volumes and places where they are mounted.
    const Json* mount = mount_of(row, name);
    if (mount != nullptr && is_id(text(row, "Id"))) {
      out.push_back(read_user(row, *mount));
    }
  }
  return out;
}

}  // namespace obsctl::engine
