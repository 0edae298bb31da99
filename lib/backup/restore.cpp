// SPDX-License-Identifier: Apache-2.0
// The steps of a restore: write beside, compare, move. Until moving begins, nothing of the target was
// touched; from then on only renames are left.
#include "lib/backup/restore.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/archive/directory_sink.hpp"
#include "lib/archive/directory_source.hpp"
#include "lib/archive/policy.hpp"
#include "lib/archive/read.hpp"
#include "lib/backup/compare.hpp"
#include "lib/backup/failpoint.hpp"
#include "lib/backup/names.hpp"
#include "lib/backup/verify.hpp"
#include "lib/base/text.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/posix.hpp"

namespace obsctl::backup {
namespace {

namespace fs = std::filesystem;

constexpr FileMode k_private = 0700;

struct Job {
  Services& services;
  Repository& repository;
  const StoredSet& set;
  const RestorePlan& plan;
  Journal journal;
  OsDirectory& target;
};

std::vector<std::string> names_of(const RestorePlan& plan) {
  std::vector<std::string> out;
  for (const RestoreItem& item : plan.items) {
    out.push_back(item.volume);
  }
  return out;
}

const RestoreItem& item_of(const RestorePlan& plan, const std::string& volume) {
  return *std::ranges::find(plan.items, volume, &RestoreItem::volume);
}

// Beside its place, and compared there.
Result<Restored> write_volume(Job& job, const RestoreItem& item, Restored out) {
  const VolumeRecord& record = *job.set.manifest.find(item.volume);
  OBS_TRY_ASSIGN(const OpenVolume opened, open_volume(job.repository, job.set.id, record));
  const std::string place = fmt::format("{}/{}", job.journal.work(), item.volume);
  OBS_TRY(job.target.make_directory(place, k_private));
  const std::string path = (job.plan.target / place).string();
  OBS_TRY_ASSIGN(Fd root, archive::open_root(path));
  archive::DirectorySink sink(std::move(root), {.devices = k_entry_policy.devices});
  const auto total = static_cast<double>(item.bytes);
  OBS_TRY(archive::extract(opened.stored(), sink, {item.files},
                           progress_of(job.services, "restoring " + item.volume, total)));
  failpoint("volume-written");
  for (const archive::Problem& problem : sink.problems()) {
    out.problems.push_back(fmt::format("{}: {}", item.volume, problem.str()));
  }
  OBS_TRY_ASSIGN(const archive::Index index, archive::read_index(opened.stored()));
  OBS_TRY_ASSIGN(Fd again, archive::open_root(path));
  OBS_TRY_ASSIGN(
      const std::uint64_t entries,
      compare_tree(
          std::move(again), index.entries,
          {.selection = item.files, .owner = ::geteuid() == 0, .xattrs = sink.problems().empty()},
          progress_of(job.services, "comparing " + item.volume, total)));
  out.entries += entries;
  return out;
}

Result<std::uint64_t> inode_of(const OsDirectory& target, const std::string& path) {
  OBS_TRY_ASSIGN(const auto info, target.info(path));
  return info ? info->inode : 0;
}

// What is there by now may not be what the plan saw.
Result<bool> occupied(const OsDirectory& target, const std::string& name) {
  OBS_TRY_ASSIGN(const auto info, target.info(name));
  if (!info) {
    return false;
  }
  if (info->kind != FileKind::directory) {
    return true;
  }
  OBS_TRY_ASSIGN(const auto entries, target.entries(name));
  return !entries.empty();
}

// Gives one volume its place. Every step may have been done by an earlier attempt.
Result<void> move_volume(OsDirectory& target, const Journal& journal, const JournalVolume& volume) {
  const std::string written = fmt::format("{}/{}", journal.work(), volume.name);
  OBS_TRY_ASSIGN(const std::uint64_t there, inode_of(target, volume.name));
  if (there == volume.inode) {
    return {};
  }
  OBS_TRY_ASSIGN(const std::uint64_t waiting, inode_of(target, written));
  if (waiting != volume.inode) {
    return fail(Code::integrity,
                fmt::format("'{}' is no longer where the restore has written it",
                            (journal.target / written).string()),
                "restore again into another directory");
  }
  OBS_TRY_ASSIGN(const bool full, occupied(target, volume.name));
  if (full) {
    OBS_TRY_ASSIGN(const std::uint64_t copy, inode_of(target, journal.safety_copy(volume.name)));
    if (!volume.set_aside || copy != 0) {
      return fail(Code::failed,
                  fmt::format("something new is in '{}'", (journal.target / volume.name).string()),
                  "move it away, then complete or undo the restore");
    }
    OBS_TRY(target.move(volume.name, journal.safety_copy(volume.name)));
    failpoint("set-aside");
  }
  OBS_TRY(target.move(written, volume.name));
  failpoint("volume-moved");
  return {};
}

// Takes one volume back, to where it was written, and brings back what was at its place.
Result<void> move_back(OsDirectory& target, const Journal& journal, const JournalVolume& volume) {
  OBS_TRY_ASSIGN(const std::uint64_t there, inode_of(target, volume.name));
  if (there == volume.inode) {
    OBS_TRY(target.move(volume.name, fmt::format("{}/{}", journal.work(), volume.name)));
  }
  const std::string copy = journal.safety_copy(volume.name);
  OBS_TRY_ASSIGN(const std::uint64_t kept, inode_of(target, copy));
  OBS_TRY_ASSIGN(const bool full, occupied(target, volume.name));
  if (kept != 0 && full) {
    return fail(Code::failed,
                fmt::format("something new is in '{}'", (journal.target / volume.name).string()),
                "move it away, then undo the restore");
  }
  return kept == 0 ? Result<void>() : target.move(copy, volume.name);
}

Result<void> complete(OsDirectory& target, const Journal& journal) {
  for (const JournalVolume& volume : journal.volumes) {
    OBS_TRY(move_volume(target, journal, volume));
  }
  return target.sync({"."});
}

Result<void> undo(OsDirectory& target, const Journal& journal) {
  for (const JournalVolume& volume : journal.volumes) {
    OBS_TRY(move_back(target, journal, volume));
  }
  return target.sync({"."});
}

Result<Restored> write_all_volumes(Job& job) {
  Restored out{.id = job.journal.id, .took = {}};
  OBS_TRY(job.target.make_directory(job.journal.work(), k_private));
  for (JournalVolume& volume : job.journal.volumes) {
    OBS_TRY_ASSIGN(out, write_volume(job, item_of(job.plan, volume.name), std::move(out)));
    OBS_TRY_ASSIGN(volume.inode,
                   inode_of(job.target, fmt::format("{}/{}", job.journal.work(), volume.name)));
  }
  job.services.progress.clear();
  OBS_TRY(job.target.sync({job.journal.work(), "."}));
  return out;
}

Result<Restored> write_and_move(Job& job, bool journaled) {
  if (journaled) {
    OBS_TRY(write_journal(job.repository, job.journal));
  }
  failpoint("journal-written");
  auto out = write_all_volumes(job);
  if (!out) {
    job.services.progress.clear();
    // Nothing was touched; what cannot be removed now, the next restore into the directory removes.
    const auto removed = job.target.remove_tree(job.journal.work());
    if (journaled && removed) {
      static_cast<void>(close_journal(job.repository, job.journal));
    }
    return out;
  }
  job.journal.phase = Phase::moving;
  if (journaled) {
    OBS_TRY(write_journal(job.repository, job.journal));
  }
  failpoint("moving");
  OBS_TRY(complete(job.target, job.journal));
  failpoint("moved");
  OBS_TRY(job.target.remove_tree(job.journal.work()));
  if (journaled) {
    OBS_TRY(close_journal(job.repository, job.journal));
  }
  return out;
}

void remember(Services& services, Repository& repository, const StoredSet& set,
              const RestorePlan& plan, Duration took) {
  Marks marks = repository.read_set(set.id).marks;
  marks.restored = Restoration{.at = services.clock.now(), .took = took, .bytes = plan.bytes};
  if (auto written = repository.write_marks(set.id, marks); !written) {
    services.note(fmt::format("how long it took is not recorded: {}", written.error().message));
  }
}

// What restores into the same directory left that were killed before they touched anything.
Result<void> clear_untouched(Repository& repository, OsDirectory& target, const fs::path& path) {
  OBS_TRY_ASSIGN(const auto journals, open_journals(repository));
  for (const Journal& journal : journals) {
    if (journal.target == path && journal.phase == Phase::writing) {
      OBS_TRY(target.remove_tree(journal.work()));
      OBS_TRY(close_journal(repository, journal));
    }
  }
  return {};
}

Result<std::unique_ptr<OsDirectory>> open_target(const fs::path& target) {
  OsFileSystem files;
  const bool made = !files.exists(target);
  OBS_TRY(files.make_directories(target));
  OBS_TRY_ASSIGN(auto out, open_os_directory(target));
  if (made) {
    OBS_TRY(out->narrow(".", k_private));
  }
  return out;
}

}  // namespace

Result<Restored> restore(Services& services, Repository& repository, const StoredSet& set,
                         const RestorePlan& plan, bool journaled) {
  const auto start = services.clock.monotonic();
  std::vector<std::string> names;
  for (const RestoreItem& item : plan.items) {
    names.push_back(item.volume);
  }
  OBS_TRY_ASSIGN(const SetProof proof, prove(services, repository, set, Level::full, names));
  if (!proof.passed()) {
    return Failure(proof.failure().in("nothing was touched"));
  }
  OBS_TRY(check_entries(repository, set, names_of(plan)));
  failpoint("restore-verified");
  OBS_TRY_ASSIGN(const std::string id, new_set_id(services.clock.now(), services.random));
  OBS_TRY_ASSIGN(const auto target, open_target(plan.target));
  if (journaled) {
    OBS_TRY(clear_untouched(repository, *target, plan.target));
  }
  Job job{services,
          repository,
          set,
          plan,
          {.id = id, .set = set.id, .started = services.clock.now(), .target = plan.target},
          *target};
  for (const RestoreItem& item : plan.items) {
    job.journal.volumes.push_back({.name = item.volume, .set_aside = item.occupied});
  }
  OBS_TRY_ASSIGN(Restored out, write_and_move(job, journaled));
  out.took = services.clock.since(start);
  for (const RestoreItem& item : plan.items) {
    out.places.push_back(item.place);
    if (item.occupied) {
      out.safety_copies.push_back(plan.target / job.journal.safety_copy(item.volume));
    }
  }
  if (plan.items.front().files.empty()) {
    remember(services, repository, set, plan, out.took);
  }
  return out;
}

Result<std::optional<Journal>> settle(Repository& repository, const fs::path& target, Settle how) {
  OBS_TRY_ASSIGN(const auto journals, open_journals(repository));
  const auto found = std::ranges::find(journals, target, &Journal::target);
  if (found == journals.end()) {
    return std::optional<Journal>();
  }
  auto root = open_os_directory(target);
  if (!root && root.error().code == Code::missing && found->phase == Phase::writing) {
    OBS_TRY(close_journal(repository, *found));
    return *found;
  }
  if (!root) {
    Error error = std::move(root).error();
    error.hint = fmt::format("mount its disk; if it is gone for good, remove '{}'",
                             (repository.path() / found->file()).string());
    return Failure(std::move(error));
  }
  if (found->phase == Phase::moving) {
    OBS_TRY(how == Settle::complete ? complete(**root, *found) : undo(**root, *found));
  }
  OBS_TRY((*root)->remove_tree(found->work()));
  OBS_TRY(close_journal(repository, *found));
  return *found;
}

}  // namespace obsctl::backup
