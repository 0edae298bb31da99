// SPDX-License-Identifier: Apache-2.0
// Looks at the disks below the volumes, as far as this host and this user see them.
#include "lib/sources/volume.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/checks/samples.hpp"
#include "lib/engine/address.hpp"

namespace obsctl::health {
namespace {

// The file system that a volume is on. A user who may not look below the engine's root sees at least
// the disk of that root, where plain volumes are.
Result<DiskSpace> space_of(const Context& context, const EngineVolume& volume) {
  const FileSystem& files = context.services.files;
  const std::string address = engine_address(context.services.environment);
  if (!address.starts_with("unix://")) {
    return fail(Code::unreachable,
                fmt::format("the disks of the engine at '{}' cannot be seen from here", address),
                "run the check on the engine's host");
  }
  if (!volume.mountpoint.empty() && files.is_directory(volume.mountpoint)) {
    return files.disk_space(volume.mountpoint);
  }
  if (const auto& host = context.engine->host();
      volume.plain && host && files.is_directory(host->host.root_dir)) {
    return files.disk_space(host->host.root_dir);
  }
  return fail(Code::unreachable,
              fmt::format("the disk of volume '{}' cannot be seen from here", volume.name),
              fmt::format("run the check on the engine's host, as a user who may look into '{}'",
                          volume.mountpoint));
}

// Names the disk: volumes on the one of the engine's root share its name, so that one full disk is
// one finding. Two disks of the same size would, too; checks take the smaller room then.
std::string disk_of(const Context& context, const EngineVolume& volume, const DiskSpace& space) {
  if (const auto& host = context.engine->host()) {
    const auto root = context.services.files.disk_space(host->host.root_dir);
    if (root && root->total.value == space.total.value && root->inodes == space.inodes) {
      return host->host.root_dir;
    }
  }
  return volume.mountpoint;
}

void put_space(const EngineVolume& volume, const std::string& disk, const DiskSpace& space,
               Samples& out) {
  const SampleLabels labels = {{"volume", volume.name}, {"disk", disk}};
  put(out, "volume_size_bytes", space.total.value, labels);
  put(out, "volume_available_bytes", space.available.value, labels);
  put(out, "volume_inodes", space.inodes, labels);
  put(out, "volume_inodes_free", space.inodes_free, labels);
}

Result<Samples> read_volumes(const Context& context, const std::vector<std::string>& names) {
  const auto& volumes = context.engine->volumes();
  if (!volumes) {
    return Failure(volumes.error());
  }
  Samples out;
  std::optional<Error> unseen;
  bool all_there = true;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(*volumes, name, &EngineVolume::name);
    put_flag(out, "volume_exists", found != volumes->end(), {{"volume", name}});
    if (found == volumes->end()) {
      all_there = false;
    } else if (const auto space = space_of(context, *found)) {
      put_space(*found, disk_of(context, *found, *space), *space, out);
    } else {
      unseen = space.error();
    }
  }
  // That a volume is missing says more than that another could not be looked at.
  if (unseen && all_there) {
    return Failure(std::move(*unseen));
  }
  return out;
}

}  // namespace

std::vector<Inquiry> volume_inquiries(const Context& context) {
  std::vector<Inquiry> out;
  if (!context.engine) {
    return out;
  }
  for (const Component& component : context.components()) {
    std::vector<std::string> names;
    for (const Volume& volume : component.volumes) {
      names.push_back(context.subject.stack.topology.volume_name(volume));
    }
    if (!names.empty()) {
      out.push_back({.component = component.name,
                     .source = Source::volume,
                     .from = fmt::format("volumes of {}", component.name),
                     .read = [context, names] { return read_volumes(context, names); }});
    }
  }
  return out;
}

}  // namespace obsctl::health
