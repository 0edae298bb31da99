// SPDX-License-Identifier: Apache-2.0
// The container that is never started, and the content that goes through it.
#include "lib/engine/helper.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/base/text.hpp"
#include "lib/engine/address.hpp"
#include "lib/engine/ask.hpp"
#include "lib/engine/command.hpp"
#include "lib/engine/fields.hpp"
#include "lib/engine/volume.hpp"

namespace obsctl::engine {
namespace {

using Json = nlohmann::json;

constexpr std::string_view k_empty_image = "obsctl-volume-helper";
constexpr int k_not_there = 404;
constexpr int k_conflict = 409;  // for a name: taken; for a removal: it is under way
// In which at least one byte has to come; a disk may stand still for a while when it is flushed.
constexpr Duration k_stall = {120};

Json helper_settings(const HelperRequest& request) {
  // NoCopy: the engine would fill an empty volume from the image.
  const Json mount = {{"Type", "volume"},
                      {"Source", request.volume},
                      {"Target", fmt::format("{}/data", k_helper_parent)},
                      {"VolumeOptions", {{"NoCopy", true}}}};
  return {{"Image", request.image},
          {"Cmd", {"/never-started"}},
          {"Labels", {{k_helper_label, request.volume}, {k_owner_label, request.owner}}},
          {"NetworkDisabled", true},
          {"HostConfig", {{"Mounts", {mount}}, {"NetworkMode", "none"}}}};
}

std::string archive_path(const std::string& helper, std::string_view inside) {
  return fmt::format("/containers/{}/archive?path={}", percent_encoded(helper),
                     percent_encoded(std::string(inside)));
}

Result<HttpRequest> transfer(const Environment& environment, const std::string& path,
                             const StopFlag* stop) {
  OBS_TRY_ASSIGN(HttpRequest request, engine_request(environment, path));
  request.timeout = {0};
  request.connect_timeout = Duration{2};
  request.stall_timeout = k_stall;
  request.max_body = k_chunk;  // of a refusal
  request.stop = stop;
  return request;
}

}  // namespace

Result<std::string> create_helper(HttpClient& http, const Environment& environment,
                                  const HelperRequest& request) {
  const std::string& volume = request.volume;
  // The engine makes a volume that is not there, and an empty one would be saved.
  OBS_TRY_ASSIGN(const auto facts, volume_facts(http, environment, volume));
  if (!facts) {
    return fail(Code::missing, fmt::format("the engine has no volume '{}'", volume));
  }
  OBS_TRY_ASSIGN(const HttpResponse response,
                 carry_out(http, environment,
                           {.path = fmt::format("/containers/create?name={}{}", k_helper_prefix,
                                                percent_encoded(volume)),
                            .body = helper_settings(request).dump(),
                            .also = {k_conflict}},
                           fmt::format("the volume '{}' cannot be opened", volume)));
  if (response.status == k_conflict) {
    return fail(
        Code::unreachable,
        fmt::format("the volume '{}' is being saved or restored by another run", volume),
        fmt::format("wait for it; when none runs, `docker rm {}{}`", k_helper_prefix, volume));
  }
  std::string id = text(Json::parse(response.body, nullptr, false), "Id");
  if (!is_id(id)) {
    return no_sense(environment, "no id of a container");
  }
  return id;
}

Result<void> remove_helper(HttpClient& http, const Environment& environment,
                           const std::string& id) {
  // v=1: what the image declares as a volume was made with it. A volume that was mounted by name
  // stays, also one whose name the engine made up.
  OBS_TRY(carry_out(http, environment,
                    {.method = "DELETE",
                     .path = fmt::format("/containers/{}?force=1&v=1", percent_encoded(id)),
                     .also = {k_not_there, k_conflict}},
                    "the container that opened the volume cannot be removed"));
  return {};
}

Result<void> remove_helpers(HttpClient& http, const Environment& environment,
                            const std::string& volume) {
  OBS_TRY_ASSIGN(const auto users, volume_users(http, environment, volume));
  for (const VolumeUser& user : users) {
    if (user.helper) {
      OBS_TRY(remove_helper(http, environment, user.id));
    }
  }
  return {};
}

Result<void> remove_helpers_of(HttpClient& http, const Environment& environment,
                               const std::string& owner) {
  const Json filters = {{"label", {fmt::format("{}={}", k_owner_label, owner)}}};
  OBS_TRY_ASSIGN(const Json rows, list_containers(http, environment, filters));
  for (const Json& row : rows) {
    if (const std::string id = text(row, "Id"); is_id(id)) {
      OBS_TRY(remove_helper(http, environment, id));
    }
  }
  return remove_empty_image(http, environment);
}

Result<std::string> empty_image(HttpClient& http, const Environment& environment) {
  // A tar stream of nothing: two zero blocks.
  constexpr std::size_t k_end_of_tar = 1024;
  const std::string doing = "the engine takes no image for opening volumes";
  OBS_TRY_ASSIGN(HttpRequest request,
                 engine_request(environment, fmt::format("/images/create?fromSrc=-&repo={}&tag=1",
                                                         k_empty_image)));
  request.method = "POST";
  request.headers = {"Content-Type: application/x-tar"};
  request.body = std::string(k_end_of_tar, '\0');
  request.timeout = {30};
  OBS_TRY_ASSIGN(const HttpResponse response, http.send(request));
  if (response.status / 100 != 2) {
    return refused(response, doing);
  }
  OBS_TRY_ASSIGN(
      const HttpResponse about,
      carry_out(http, environment,
                {.method = "GET", .path = fmt::format("/images/{}:1/json", k_empty_image)}, doing));
  std::string id = text(Json::parse(about.body, nullptr, false), "Id");
  if (!is_plain(id)) {
    return no_sense(environment, "no id of an image");
  }
  return id;
}

Result<void> remove_empty_image(HttpClient& http, const Environment& environment) {
  OBS_TRY(carry_out(http, environment,
                    {.method = "DELETE",
                     .path = fmt::format("/images/{}:1", k_empty_image),
                     .also = {k_not_there, k_conflict}},
                    "the image for opening volumes cannot be removed"));
  return {};
}

Result<void> read_volume(HttpClient& http, const Environment& environment,
                         const std::string& helper, const ByteSink& sink, const StopFlag* stop) {
  // Never with "Accept-Encoding: gzip": the engine would compress at a tenth of the speed.
  OBS_TRY_ASSIGN(
      HttpRequest request,
      transfer(environment, archive_path(helper, fmt::format("{}/data", k_helper_parent)), stop));
  request.download = sink;
  OBS_TRY_ASSIGN(const HttpResponse response, http.send(request));
  if (response.status / 100 != 2) {
    return refused(response, "the volume cannot be read");
  }
  return {};
}

Result<void> write_volume(HttpClient& http, const Environment& environment,
                          const std::string& helper, const ByteSource& source,
                          const StopFlag* stop) {
  // Without copyUIDGID: files belong to whom the stream says.
  OBS_TRY_ASSIGN(HttpRequest request,
                 transfer(environment, archive_path(helper, k_helper_parent), stop));
  request.method = "PUT";
  request.headers = {"Content-Type: application/x-tar"};
  request.upload = source;
  OBS_TRY_ASSIGN(const HttpResponse response, http.send(request));
  if (response.status / 100 != 2) {
    return refused(response, "the volume cannot be written");
  }
  return {};
}

}  // namespace obsctl::engine
