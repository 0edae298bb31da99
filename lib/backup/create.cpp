// SPDX-License-Identifier: Apache-2.0
// The steps of a backup, in the order that makes a kill between any two harmless.
#include "lib/backup/create.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lib/archive/write.hpp"
#include "lib/backup/failpoint.hpp"
#include "lib/backup/names.hpp"
#include "lib/base/text.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/posix.hpp"

namespace obsctl::backup {
namespace {

namespace fs = std::filesystem;

// No data of a store becomes smaller than this; without an earlier set only a disk that is smaller
// still is too small for certain.
constexpr double k_best_compression = 20;
constexpr double k_margin = 1.1;
constexpr double k_least_share = 0.5;  // of the last set's bytes
constexpr std::size_t k_shown_problems = 3;

std::string group_of(const CreateOptions& options, const std::vector<Volume>& volumes) {
  if (!options.group.empty()) {
    return options.group;
  }
  std::vector<std::string> parts;
  for (const Volume& volume : volumes) {
    parts.push_back(fmt::format("{}:{}", volume.source, volume.path));
  }
  std::ranges::sort(parts);
  return join(parts, ",");
}

// The last good set of the same volumes.
const StoredSet* previous_of(const std::vector<StoredSet>& sets, const std::string& group) {
  const auto found = std::ranges::find_if(
      sets, [&](const StoredSet& set) { return set.good() && set.manifest.group == group; });
  return found == sets.end() ? nullptr : &*found;
}

Result<void> check_shrink(const std::string& name, std::uint64_t bytes, const StoredSet* previous,
                          const CreateOptions& options) {
  const VolumeRecord* before = previous == nullptr ? nullptr : previous->manifest.find(name);
  if (before == nullptr || options.accept_shrink || before->bytes < options.shrink_floor ||
      static_cast<double>(bytes) >= static_cast<double>(before->bytes) * k_least_share) {
    return {};
  }
  return fail(Code::failed,
              fmt::format("the volume '{}' has {}, and had {} in the set '{}'", name,
                          human_bytes({static_cast<double>(bytes)}),
                          human_bytes({static_cast<double>(before->bytes)}), previous->id),
              "look whether data is missing; --accept-shrink makes the backup all the same");
}

// About how much will be stored of `bytes`, as far as the last set tells.
double stored_estimate(const std::string& name, std::uint64_t bytes, const StoredSet* previous) {
  const VolumeRecord* before = previous == nullptr ? nullptr : previous->manifest.find(name);
  const auto raw = static_cast<double>(bytes);
  return before == nullptr || before->bytes == 0
             ? raw / k_best_compression
             : raw * k_margin * static_cast<double>(before->blob.bytes + before->index.bytes) /
                   static_cast<double>(before->bytes);
}

Result<CreatePlan> plan_with(const Repository& repository, const std::vector<Volume>& volumes,
                             const CreateOptions& options, const StoredSet* previous) {
  CreatePlan out{.previous = previous == nullptr ? "" : previous->id};
  double needed = 0;
  for (const Volume& volume : volumes) {
    auto measured = volume.measure();
    if (!measured && !options.allow_partial) {
      return Failure(std::move(measured).error());
    }
    const auto bytes = measured.value_or(std::nullopt);
    out.volumes.push_back({volume.name, volume.path, bytes});
    if (bytes) {
      // What is missing because it cannot be read is known only once it was tried.
      OBS_TRY(options.allow_partial ? Result<void>()
                                    : check_shrink(volume.name, *bytes, previous, options));
      needed += stored_estimate(volume.name, *bytes, previous);
    }
  }
  OBS_TRY_ASSIGN(const DiskSpace space, OsFileSystem().disk_space(repository.path()));
  out.needed = static_cast<std::uint64_t>(needed);
  out.available = static_cast<std::uint64_t>(space.available.value);
  if (out.needed > out.available) {
    return fail(
        Code::failed,
        fmt::format("'{}' has {} free, and the backup needs about {}", repository.path().string(),
                    human_bytes(space.available), human_bytes({needed})),
        "free some space on that disk: 'obsctl backup prune --dry-run' shows what a policy "
        "would remove");
  }
  return out;
}

// A file of the set in the making, which remembers that writing failed.
class BlobFile {
 public:
  BlobFile(Fd fd, fs::path path, const char* point)
      : fd_(std::move(fd)), path_(std::move(path)), point_(point) {}

  [[nodiscard]] ByteSink sink() {
    return [this](std::string_view bytes) -> Result<void> {
      failpoint(point_);
      const int error = write_all(fd_.get(), bytes);
      failed_ = error != 0;
      return failed_ ? io_failure("write", path_, error) : Result<void>();
    };
  }
  // Durable from here on.
  Result<void> finish() {
    if (::fsync(fd_.get()) != 0) {
      failed_ = true;
      return io_failure("write", path_, errno);
    }
    return {};
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  Fd fd_;
  fs::path path_;
  const char* point_;
  bool failed_ = false;
};

// One volume on its way into a set.
struct Copied {
  VolumeRecord record;
  std::vector<std::string> missing = {};  // what could not be read
};

struct Job {
  Services& services;
  Repository& repository;
  const CreateOptions& options;
  const std::string& id;
  const StoredSet* previous;
};

VolumeRecord record_of(const Volume& volume, const archive::Summary& summary,
                       const WatchedSource& watched) {
  return {.name = volume.name,
          .source = volume.source,
          .path = volume.path,
          .root = watched.root(),
          .consistency = volume.consistency,
          .bytes = watched.bytes(),
          .entries = summary.entries,
          .tar = {summary.raw_bytes, summary.tar_sha256},
          .blob = {summary.blob_bytes, summary.blob_sha256},
          .index = {summary.index_bytes, summary.index_sha256},
          .engine = volume.engine};
}

std::string first_of(const std::vector<std::string>& all) {
  std::vector<std::string> shown(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                all.size(), k_shown_problems)));
  std::string out = join(shown, "; ");
  return all.size() > k_shown_problems
             ? fmt::format("{}; and {} more", out, all.size() - k_shown_problems)
             : out;
}

Result<void> check_whole(const Copied& copied, const CreateOptions& options) {
  if (copied.missing.empty() || options.allow_partial) {
    return {};
  }
  return fail(
      Code::failed,
      fmt::format("the volume '{}' was not read whole: {}", copied.record.name,
                  first_of(copied.missing)),
      "stop what writes to it, or make the files readable; --allow-partial keeps what could "
      "be read as a partial set");
}

// `fatal` says that no other volume could be written either.
Result<Copied> copy_volume(const Job& job, const Volume& volume, std::optional<double> total,
                           bool& fatal) {
  const fs::path shown = job.repository.path() / job.id;
  fatal = true;
  OBS_TRY_ASSIGN(Fd blob_fd, job.repository.create_file(job.id, blob_path(volume.name)));
  OBS_TRY_ASSIGN(Fd index_fd, job.repository.create_file(job.id, index_path(volume.name)));
  BlobFile blob(std::move(blob_fd), shown / blob_path(volume.name), "blob");
  BlobFile index(std::move(index_fd), shown / index_path(volume.name), "index");
  fatal = false;
  OBS_TRY_ASSIGN(const auto source, volume.open());
  WatchedSource watched(*source);
  auto written = archive::write_archive(
      watched, blob.sink(), index.sink(),
      {.progress = progress_of(job.services, "copying " + volume.name, total)});
  fatal = blob.failed() || index.failed() || job.services.stop.level() != StopLevel::none;
  if (!written) {
    return Failure(std::move(written).error());
  }
  fatal = true;
  OBS_TRY(blob.finish());
  OBS_TRY(index.finish());
  failpoint("blob-synced");
  Copied out{.record = record_of(volume, written->summary, watched)};
  for (const archive::Problem& problem : written->problems) {
    out.record.warnings.push_back(problem.str());
    if (problem.gravity == archive::Gravity::incomplete) {
      out.missing.push_back(problem.str());
    }
  }
  OBS_TRY(check_whole(out, job.options));
  if (watched.empty() && !job.options.allow_empty) {
    return fail(Code::failed, fmt::format("'{}' is empty", volume.path),
                "look whether it is the right directory; --allow-empty backs it up all the same");
  }
  if (out.missing.empty()) {
    OBS_TRY(check_shrink(volume.name, watched.bytes(), job.previous, job.options));
  }
  return out;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::uint64_t next_sequence(const std::vector<StoredSet>& sets) {
  std::uint64_t out = 0;
  for (const StoredSet& set : sets) {
    out = std::max(out, set.manifest.sequence);
  }
  return out + 1;
}

Result<void> copy_all(const Job& job, const std::vector<Volume>& volumes, const CreatePlan& plan,
                      Manifest& manifest) {
  OBS_TRY(job.repository.begin(job.id));
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const Volume& volume = volumes[i];
    const auto bytes = plan.volumes[i].bytes;
    bool fatal = true;
    auto copied =
        copy_volume(job, volume, bytes ? std::optional<double>(*bytes) : std::nullopt, fatal);
    if (!copied && (fatal || !job.options.allow_partial)) {
      return Failure(std::move(copied).error());
    }
    if (!copied) {
      manifest.status = Status::partial;
      manifest.warnings.push_back(
          fmt::format("the volume '{}' is missing: {}", volume.name, copied.error().message));
      OBS_TRY(job.repository.remove_file(job.id, blob_path(volume.name)));
      OBS_TRY(job.repository.remove_file(job.id, index_path(volume.name)));
      continue;
    }
    manifest.status = copied->missing.empty() ? manifest.status : Status::partial;
    manifest.volumes.push_back(std::move(copied->record));
    failpoint("volume-copied");
  }
  job.services.progress.clear();
  return manifest.volumes.empty() ? fail(Code::failed, fmt::format("nothing could be read: {}",
                                                                   first_of(manifest.warnings)))
                                  : Result<void>();
}

Result<void> make_set(const Job& job, const std::vector<Volume>& volumes, const CreatePlan& plan,
                      Manifest& manifest) {
  auto copied = copy_all(job, volumes, plan, manifest);
  if (copied) {
    manifest.finished = job.services.clock.now();
    copied = job.repository.publish(manifest);
  }
  if (!copied) {
    job.services.progress.clear();
    // What cannot be removed now is removed by the next run.
    static_cast<void>(job.repository.discard(job.id));
  }
  return copied;
}

}  // namespace

Result<CreatePlan> plan_backup(const Repository& repository, const std::vector<Volume>& volumes,
                               const CreateOptions& options) {
  OBS_TRY_ASSIGN(const auto sets, repository.sets());
  return plan_with(repository, volumes, options, previous_of(sets, group_of(options, volumes)));
}

Result<Created> create(Services& services, Repository& repository,
                       const std::vector<Volume>& volumes, const CreateOptions& options) {
  OBS_TRY(repository.reclaim());
  OBS_TRY_ASSIGN(const auto sets, repository.sets());
  Manifest manifest{.group = group_of(options, volumes),
                    .sequence = next_sequence(sets),
                    .version = options.version,
                    .host = host_name(),
                    .started = services.clock.now()};
  const StoredSet* previous = previous_of(sets, manifest.group);
  OBS_TRY_ASSIGN(const CreatePlan plan, plan_with(repository, volumes, options, previous));
  OBS_TRY_ASSIGN(manifest.id, new_set_id(manifest.started, services.random));
  failpoint("begin");
  OBS_TRY(
      make_set({services, repository, options, manifest.id, previous}, volumes, plan, manifest));
  const StoredSet published = repository.read_set(manifest.id);
  OBS_TRY_ASSIGN(SetProof proof, verify(services, repository, published, options.verify));
  if (!proof.passed()) {
    return Failure(proof.failure());
  }
  failpoint("verified");
  Created out{.set = repository.read_set(manifest.id), .proof = std::move(proof)};
  if (options.retain && manifest.status == Status::complete) {
    OBS_TRY_ASSIGN(out.pruned, prune(services, repository, *options.retain, false));
  }
  return out;
}

}  // namespace obsctl::backup
