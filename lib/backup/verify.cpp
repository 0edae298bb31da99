// SPDX-License-Identifier: Apache-2.0
// Each volume by itself, so that all that are damaged are named.
#include "lib/backup/verify.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/backup/names.hpp"
#include "lib/base/text.hpp"

namespace obsctl::backup {
namespace {

namespace fs = std::filesystem;

constexpr auto k_hint = "use another set: 'obsctl backup list' shows them";

Result<std::unique_ptr<archive::Blob>> open_blob(const Repository& repository,
                                                 const std::string& id, const std::string& path) {
  auto fd = repository.open_file(id, path);
  if (!fd) {
    Error error = std::move(fd).error();
    error.code = error.code == Code::missing ? Code::integrity : error.code;
    error.hint = error.hint.empty() ? k_hint : error.hint;
    return Failure(std::move(error));
  }
  // From the disk, not from what is still in memory of writing it.
  static_cast<void>(::posix_fadvise(fd->get(), 0, 0, POSIX_FADV_DONTNEED));
  return archive::file_blob(std::move(*fd), repository.path() / id / path);
}

// What is in a set beside what its manifest names was not put there by obsctl.
Result<void> check_files(const Repository& repository, const StoredSet& set) {
  std::set<std::string> expected = {file_names::manifest, file_names::checksums, file_names::marks,
                                    file_names::volumes};
  for (const VolumeRecord& volume : set.manifest.volumes) {
    expected.insert(blob_path(volume.name));
    expected.insert(index_path(volume.name));
  }
  for (const auto& folder : {fs::path(set.id), fs::path(set.id) / file_names::volumes}) {
    OBS_TRY_ASSIGN(const auto entries, repository.directory().entries(folder));
    for (const auto& [path, kind] : entries) {
      const std::string name = path.lexically_relative(set.id);
      const bool unfinished = name.starts_with(std::string(file_names::marks) + ".");
      if (!expected.contains(name) && !unfinished) {
        return fail(Code::integrity,
                    fmt::format("'{}' is in the set and not in its manifest",
                                printable((repository.path() / path).string())),
                    "move it away if you know where it comes from");
      }
    }
  }
  return {};
}

archive::Level archive_level(Level level) {
  return level == Level::full ? archive::Level::full : archive::Level::quick;
}

Result<VolumeProof> prove_volume(Services& services, const Repository& repository,
                                 const std::string& id, const VolumeRecord& volume, Level level) {
  VolumeProof out{.name = volume.name};
  const auto read = [&]() -> Result<archive::Verified> {
    OBS_TRY_ASSIGN(const OpenVolume opened, open_volume(repository, id, volume));
    const double total =
        static_cast<double>(level == Level::full ? volume.tar.bytes : volume.blob.bytes);
    return archive::verify_archive(opened.stored(), archive_level(level),
                                   progress_of(services, "verifying " + volume.name, total));
  };
  auto verified = read();
  if (services.stop.level() != StopLevel::none) {
    return services.stop.failure("the verification");
  }
  if (verified) {
    out.files = verified->files;
    return out;
  }
  out.error = std::move(verified).error();
  out.error->message =
      fmt::format("the volume '{}' is damaged: {}", volume.name, out.error->message);
  out.error->hint = out.error->hint.empty() ? k_hint : out.error->hint;
  return out;
}

}  // namespace

Result<OpenVolume> open_volume(const Repository& repository, const std::string& id,
                               const VolumeRecord& volume) {
  OpenVolume out;
  OBS_TRY_ASSIGN(out.blob, open_blob(repository, id, blob_path(volume.name)));
  OBS_TRY_ASSIGN(out.index, open_blob(repository, id, index_path(volume.name)));
  out.expected = {.raw_bytes = volume.tar.bytes,
                  .entries = volume.entries,
                  .blob_bytes = volume.blob.bytes,
                  .index_bytes = volume.index.bytes,
                  .tar_sha256 = volume.tar.sha256,
                  .blob_sha256 = volume.blob.sha256,
                  .index_sha256 = volume.index.sha256};
  return out;
}

bool SetProof::passed() const {
  return !error && std::ranges::none_of(
                       volumes, [](const VolumeProof& volume) { return volume.error.has_value(); });
}

Error SetProof::failure() const {
  std::vector<Error> all;
  if (error) {
    all.push_back(*error);
  }
  for (const VolumeProof& volume : volumes) {
    if (volume.error) {
      all.push_back(*volume.error);
    }
  }
  Error out = all.front();
  out.code = Code::integrity;
  out.more.insert(out.more.end(), all.begin() + 1, all.end());
  return std::move(out).in(fmt::format("the set '{}'", id));
}

Result<SetProof> prove(Services& services, const Repository& repository, const StoredSet& set,
                       Level level, const std::vector<std::string>& only) {
  SetProof out{.id = set.id, .level = level, .at = services.clock.now(), .took = {}};
  if (set.problem) {
    out.error = set.problem;
    return out;
  }
  const auto start = services.clock.monotonic();
  if (auto checked = check_files(repository, set); !checked) {
    out.error = std::move(checked).error();
  }
  for (const VolumeRecord& volume : set.manifest.volumes) {
    if (only.empty() || std::ranges::find(only, volume.name) != only.end()) {
      OBS_TRY_ASSIGN(auto proof, prove_volume(services, repository, set.id, volume, level));
      out.volumes.push_back(std::move(proof));
    }
  }
  services.progress.clear();
  out.took = services.clock.since(start);
  return out;
}

Result<SetProof> verify(Services& services, Repository& repository, const StoredSet& set,
                        Level level) {
  OBS_TRY_ASSIGN(SetProof out, prove(services, repository, set, level));
  if (set.problem) {
    return out;
  }
  Marks marks = repository.read_set(set.id).marks;
  marks.verified = Verification{
      .at = out.at, .level = level, .passed = out.passed(), .manifest = set.manifest_sha256};
  if (auto written = repository.write_marks(set.id, marks); !written) {
    services.note(fmt::format("the result is not recorded: {}", written.error().message));
  }
  return out;
}

Result<void> check_entries(const Repository& repository, const StoredSet& set,
                           const std::vector<std::string>& volumes) {
  for (const std::string& volume : volumes) {
    const VolumeRecord* record = set.manifest.find(volume);
    if (record == nullptr) {
      return fail(Code::integrity, fmt::format("the set '{}' has no volume '{}'", set.id, volume));
    }
    OBS_TRY_ASSIGN(const OpenVolume opened, open_volume(repository, set.id, *record));
    OBS_TRY_ASSIGN(const archive::Index index, archive::read_index(opened.stored()));
    for (const archive::Problem& problem : archive::problems_of(index.entries, k_entry_policy)) {
      if (problem.gravity == archive::Gravity::refused) {
        return fail(Code::integrity,
                    fmt::format("the volume '{}' must not be unpacked: {}", volume, problem.str()),
                    "nothing was touched; the set was not made by obsctl, or was changed");
      }
    }
  }
  return {};
}

Result<void> check_sizes(const Repository& repository, const StoredSet& set) {
  for (const VolumeRecord& volume : set.manifest.volumes) {
    OBS_TRY_ASSIGN(const OpenVolume opened, open_volume(repository, set.id, volume));
    if (opened.blob->size() != volume.blob.bytes || opened.index->size() != volume.index.bytes) {
      return fail(
          Code::integrity,
          fmt::format("the volume '{}' of the set '{}' has another size than its manifest says",
                      volume.name, set.id),
          fmt::format("run 'obsctl backup verify {}'", set.id));
    }
  }
  return {};
}

}  // namespace obsctl::backup
