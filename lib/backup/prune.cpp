// SPDX-License-Identifier: Apache-2.0
// The policy decides, this file looks once more and removes.
#include "lib/backup/prune.hpp"

#include <algorithm>
#include <set>

#include "lib/backup/journal.hpp"
#include "lib/backup/verify.hpp"

namespace obsctl::backup {
namespace {

RetentionSet for_policy(const StoredSet& set, const std::vector<std::string>& restoring) {
  return {.id = set.id,
          .group = set.manifest.group,
          .sequence = set.manifest.sequence,
          .at = set.manifest.started,
          .readable = !set.problem,
          .complete = set.manifest.status == Status::complete,
          .verified = set.verified(),
          .pinned = set.marks.pinned,
          .restoring = std::ranges::find(restoring, set.id) != restoring.end()};
}

// What would be left to restore from has to be there before anything goes.
Result<void> check_newest(const Repository& repository, const std::vector<StoredSet>& sets) {
  std::set<std::string> groups;
  for (const StoredSet& set : sets) {
    if (set.good() && groups.insert(set.manifest.group).second) {
      if (auto checked = check_sizes(repository, set); !checked) {
        return Failure(std::move(checked).error().in("nothing was removed"));
      }
    }
  }
  return {};
}

}  // namespace

int Pruned::removed() const {
  return static_cast<int>(verdicts.size()) - kept();
}

int Pruned::kept() const {
  return static_cast<int>(std::ranges::count(verdicts, true, &Verdict::keep));
}

Result<Pruned> prune(Services& services, Repository& repository, const RetentionPolicy& policy,
                     bool dry_run) {
  OBS_TRY_ASSIGN(const auto sets, repository.sets());
  OBS_TRY_ASSIGN(const auto journals, open_journals(repository));
  std::vector<std::string> restoring;
  for (const Journal& journal : journals) {
    restoring.push_back(journal.set);
  }
  std::vector<RetentionSet> judged;
  for (const StoredSet& set : sets) {
    judged.push_back(for_policy(set, restoring));
  }
  Pruned out{.verdicts = apply_policy(policy, std::move(judged), services.clock.now()),
             .dry_run = dry_run};
  if (dry_run || out.removed() == 0) {
    return out;
  }
  OBS_TRY(check_newest(repository, sets));
  // The oldest first: whatever ends this, the newer ones are there.
  for (auto verdict = out.verdicts.rbegin(); verdict != out.verdicts.rend(); ++verdict) {
    if (services.stop.level() != StopLevel::none) {
      return services.stop.failure("removing old sets");
    }
    if (!verdict->keep) {
      OBS_TRY(repository.remove(verdict->id));
    }
  }
  return out;
}

}  // namespace obsctl::backup
