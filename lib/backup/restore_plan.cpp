// SPDX-License-Identifier: Apache-2.0
// What a restore would do, found out without touching anything.
#include <fmt/format.h>

#include <algorithm>

#include "lib/archive/read.hpp"
#include "lib/backup/restore.hpp"
#include "lib/backup/verify.hpp"
#include "lib/base/text.hpp"
#include "lib/io/filesystem.hpp"

namespace obsctl::backup {
namespace {

namespace fs = std::filesystem;

Result<std::vector<const VolumeRecord*>> chosen_volumes(const StoredSet& set,
                                                        const RestoreOptions& options) {
  std::vector<const VolumeRecord*> out;
  for (const VolumeRecord& volume : set.manifest.volumes) {
    if (options.volumes.empty()) {
      out.push_back(&volume);
    }
  }
  for (const std::string& name : options.volumes) {
    const VolumeRecord* volume = set.manifest.find(name);
    if (volume == nullptr) {
      return fail(Code::usage,
                  fmt::format("the set '{}' has no volume '{}'", set.id, printable(name)),
                  fmt::format("'obsctl backup show {}' shows what is in it", set.id));
    }
    if (std::ranges::find(out, volume) == out.end()) {
      out.push_back(volume);
    }
  }
  return out;
}

// "conf/a.ini" as the archive names it.
Result<std::string> archive_path(const std::string& file) {
  const fs::path path = fs::path(file).lexically_normal();
  const bool outside = path.is_absolute() || path.empty() || *path.begin() == "..";
  if (outside || path == ".") {
    return fail(Code::usage, fmt::format("'{}' is no path in a volume", printable(file)),
                "name it from the top of the volume, for example conf/grafana.ini");
  }
  std::string out = (fs::path(archive::k_top) / path).string();
  while (out.ends_with('/')) {
    out.pop_back();
  }
  return out;
}

// Which of the files each volume has. Errors: one that no volume has, or several have.
Result<void> place_files(const Repository& repository, const StoredSet& set,
                         const std::vector<const VolumeRecord*>& volumes,
                         const std::vector<std::string>& files, std::vector<RestoreItem>& items) {
  std::vector<std::vector<std::string>> owners(files.size());
  for (std::size_t v = 0; v < volumes.size(); ++v) {
    OBS_TRY_ASSIGN(const OpenVolume opened, open_volume(repository, set.id, *volumes[v]));
    OBS_TRY_ASSIGN(const archive::Index index, archive::read_index(opened.stored()));
    for (std::size_t f = 0; f < files.size(); ++f) {
      OBS_TRY_ASSIGN(const std::string path, archive_path(files[f]));
      if (std::ranges::find(index.entries, path, &archive::Entry::path) != index.entries.end()) {
        owners[f].push_back(volumes[v]->name);
        items[v].files.push_back(path);
      }
    }
  }
  for (std::size_t f = 0; f < files.size(); ++f) {
    if (owners[f].empty()) {
      return fail(Code::usage,
                  fmt::format("'{}' is not in the set '{}'", printable(files[f]), set.id),
                  fmt::format("'obsctl backup show {} --files' lists what is", set.id));
    }
    if (owners[f].size() > 1) {
      return fail(
          Code::usage,
          fmt::format("'{}' is in the volumes {}", printable(files[f]), join(owners[f], ", ")),
          "say which one with --volume");
    }
  }
  std::erase_if(items, [](const RestoreItem& item) { return item.files.empty(); });
  return {};
}

// Whether something is at the place of a volume that would have to be moved. Errors: it is mounted
// there, and a mount cannot be moved.
Result<bool> is_occupied(const OsDirectory& target, const fs::path& shown,
                         const std::string& name) {
  OBS_TRY_ASSIGN(const auto info, target.info(name));
  if (!info) {
    return false;
  }
  if (info->mounted) {
    return fail(Code::config,
                fmt::format("another file system is mounted in '{}'", (shown / name).string()),
                "unmount it, or restore into another directory and copy from there");
  }
  if (info->kind != FileKind::directory) {
    return true;
  }
  OBS_TRY_ASSIGN(const auto entries, target.entries(name));
  return !entries.empty();
}

Result<void> check_places(std::vector<RestoreItem>& items, const RestoreOptions& options) {
  auto target = open_os_directory(options.target);
  if (!target && target.error().code != Code::missing) {
    return Failure(std::move(target).error());
  }
  for (RestoreItem& item : items) {
    item.place = options.target / item.volume;
    if (target) {
      OBS_TRY_ASSIGN(item.occupied, is_occupied(**target, options.target, item.volume));
    }
    if (item.occupied && !options.replace) {
      return fail(
          Code::failed, fmt::format("'{}' is not empty", item.place.string()),
          options.files.empty()
              ? "choose another directory; --replace keeps what is there beside it and puts "
                "the volume in its place"
              : "choose another directory with --to");
    }
  }
  return {};
}

// Of the newest restore of any set that was measured.
std::optional<Duration> estimate(const std::vector<StoredSet>& sets, std::uint64_t bytes) {
  const StoredSet* newest = nullptr;
  for (const StoredSet& set : sets) {
    if (set.marks.restored && set.marks.restored->bytes > 0 &&
        (newest == nullptr || set.marks.restored->at > newest->marks.restored->at)) {
      newest = &set;
    }
  }
  if (newest == nullptr) {
    return std::nullopt;
  }
  const Restoration& last = *newest->marks.restored;
  return Duration{last.took.seconds * static_cast<double>(bytes) / static_cast<double>(last.bytes)};
}

Result<void> check_space(const RestorePlan& plan) {
  OBS_TRY_ASSIGN(const DiskSpace space, OsFileSystem().disk_space(plan.target));
  const auto needed = static_cast<double>(plan.bytes);
  if (needed <= space.available.value || !plan.items.front().files.empty()) {
    return {};
  }
  return fail(Code::failed,
              fmt::format("'{}' has {} free, and the restore needs {}", plan.target.string(),
                          human_bytes(space.available), human_bytes({needed})),
              "free some space on that disk, or choose a directory on another one");
}

Result<void> check_open(const Repository& repository, const fs::path& target) {
  OBS_TRY_ASSIGN(const auto journals, open_journals(repository));
  for (const Journal& journal : journals) {
    if (journal.target == target && journal.phase == Phase::moving) {
      return fail(Code::failed,
                  fmt::format("a restore into '{}' was interrupted while volumes were moved",
                              target.string()),
                  "complete it with --resume, or undo it with --rollback");
    }
  }
  return {};
}

}  // namespace

bool RestorePlan::touches() const {
  return std::ranges::any_of(items, &RestoreItem::occupied);
}

Result<RestorePlan> plan_restore(const Repository& repository, const std::vector<StoredSet>& sets,
                                 const StoredSet& set, const RestoreOptions& options) {
  if (set.problem) {
    return Failure(*set.problem);
  }
  OBS_TRY(check_open(repository, options.target));
  RestorePlan out{.set = set.id, .from = set.manifest.started, .target = options.target};
  OBS_TRY_ASSIGN(const auto volumes, chosen_volumes(set, options));
  for (const VolumeRecord* volume : volumes) {
    out.items.push_back(
        {.volume = volume->name, .bytes = volume->bytes, .entries = volume->entries});
  }
  if (!options.files.empty()) {
    OBS_TRY(place_files(repository, set, volumes, options.files, out.items));
  }
  OBS_TRY(check_places(out.items, options));
  for (const RestoreItem& item : out.items) {
    out.bytes += item.bytes;
  }
  OBS_TRY(check_space(out));
  out.estimate = options.files.empty() ? estimate(sets, out.bytes) : std::nullopt;
  out.warnings = set.manifest.warnings;
  return out;
}

}  // namespace obsctl::backup
