// SPDX-License-Identifier: Apache-2.0
// From a stack to what is copied of it.
#include "lib/protect/stack_volumes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/archive/directory_source.hpp"
#include "lib/base/text.hpp"
#include "lib/engine/volume.hpp"

namespace obsctl::protect {
namespace {

// Nobody else may write to it while its own writers stand.
Result<void> check_users(Engine& engine, const std::string& volume, const std::string& project) {
  OBS_TRY_ASSIGN(const auto users,
                 engine::volume_users(engine.parts.http, engine.parts.environment, volume));
  std::vector<std::string> others;
  for (const engine::VolumeUser& user : users) {
    if (!user.helper && user.running && user.writes && user.project != project) {
      others.push_back(fmt::format("'{}'", user.name));
    }
  }
  if (others.empty()) {
    return {};
  }
  return fail(
      Code::failed,
      fmt::format("the volume '{}' is also written to by containers outside of the stack: {}",
                  volume, join(others, ", ")),
      "stop them first, or let obsctl stop them as well with --others");
}

// Nothing where it is left out, which `left_out` says.
Result<std::optional<backup::Volume>> one_volume(Engine& engine, const stack::Stack& stack,
                                                 const Component& component, const Volume& volume,
                                                 const StackOptions& options,
                                                 std::vector<Earlier>& touched,
                                                 std::vector<std::string>& left_out) {
  const std::string name = stack.topology.volume_name(volume);
  if (volume.backup == Backup::none) {
    left_out.push_back(
        fmt::format("{}: it holds nothing that has to be kept ({})", volume.name, volume.holds));
    return std::optional<backup::Volume>();
  }
  OBS_TRY_ASSIGN(const auto facts,
                 engine::volume_facts(engine.parts.http, engine.parts.environment, name));
  if (!facts) {
    return fail(Code::missing, fmt::format("the engine has no volume '{}'", name),
                "start the stack once, or look whether DOCKER_HOST is its engine");
  }
  if (facts->in_memory()) {
    left_out.push_back(fmt::format("{}: it is kept in memory", volume.name));
    return std::optional<backup::Volume>();
  }
  if (!options.others && !options.live) {
    OBS_TRY(check_users(engine, name, stack.spec.name));
  }
  return std::optional(backup::Volume{
      .name = volume.name,
      .source = "engine-volume",
      .path = name,
      .consistency = options.live ? backup::Consistency::live : backup::Consistency::clean,
      .engine = backup::EngineRecord{.driver = facts->driver,
                                     .options = facts->options,
                                     .labels = facts->labels,
                                     .component = component.name,
                                     .version = component.version,
                                     .image = stack.topology.pinned(component.image)},
      .open =
          [&engine, &touched, name, live = options.live] {
            return open_still(engine, {.volume = name, .stop_users = !live}, touched);
          },
      .measure = [] { return Result<std::optional<std::uint64_t>>(std::nullopt); }});
}

}  // namespace

Result<StackVolumes> stack_volumes(Engine& engine, const stack::Stack& stack,
                                   const StackOptions& options, std::vector<Earlier>& touched) {
  StackVolumes out;
  if (options.only.empty()) {
    OBS_TRY_ASSIGN(out.volumes, backup::directory_volumes({stack.directory}, options.repository));
    out.volumes.front().name = k_stack_volume;
  }
  for (const Component& component : stack.topology.components) {
    for (const Volume& volume : component.volumes) {
      if (!options.only.empty() &&
          std::ranges::find(options.only, volume.name) == options.only.end()) {
        continue;
      }
      OBS_TRY_ASSIGN(auto one,
                     one_volume(engine, stack, component, volume, options, touched, out.left_out));
      if (one) {
        out.volumes.push_back(std::move(*one));
      }
    }
  }
  return out;
}

}  // namespace obsctl::protect
