// SPDX-License-Identifier: Apache-2.0
// The order that makes it safe: companion, journal, stop; and start, journal, companion.
#include "lib/quiesce/standstill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "lib/engine/inspect.hpp"
#include "lib/engine/lifecycle.hpp"
#include "lib/engine/volume.hpp"

namespace obsctl::quiesce {
namespace {

namespace fs = std::filesystem;

constexpr FileMode k_private = 0600;

// The container of the service as it is now; that of the journal where Compose knows none.
Result<std::string> current_id(const Parts& parts, const Stopped& one) {
  if (!one.project.empty() && !one.service.empty()) {
    OBS_TRY_ASSIGN(const auto containers,
                   compose_containers(parts.http, parts.environment, one.project));
    const auto same = std::ranges::find(containers, one.id, &ComposeContainer::id);
    const auto of_service = std::ranges::find(containers, one.service, &ComposeContainer::service);
    if (same == containers.end() && of_service != containers.end()) {
      return of_service->id;
    }
  }
  return one.id;
}

// A container that was removed by somebody meanwhile is not missed: nothing of it can be started.
Result<void> start_one(const Parts& parts, const Stopped& one) {
  OBS_TRY_ASSIGN(const std::string id, current_id(parts, one));
  const auto started = engine::start_container(parts.http, parts.environment, id);
  if (!started && started.error().code != Code::missing) {
    return Failure(Error(started.error()).in(fmt::format("starting '{}' again", one.name)));
  }
  return {};
}

// Starts all, the last one first, and keeps those that could not be started.
Result<void> start_all(const Parts& parts, Journal& journal) {
  std::optional<Error> first;
  std::vector<Stopped> left;
  for (const Stopped& one : std::views::reverse(journal.stopped)) {
    if (const auto started = start_one(parts, one); !started) {
      left.insert(left.begin(), one);
      first = first ? first : started.error();
    }
  }
  journal.stopped = std::move(left);
  return first ? Result<void>(tl::make_unexpected(*first)) : Result<void>();
}

Result<void> close_journal(const Parts& parts, Directory& root, Journal journal) {
  const auto started = start_all(parts, journal);
  if (journal.stopped.empty()) {
    OBS_TRY(root.remove(k_journal));
  } else {
    OBS_TRY(root.replace(k_journal, print_journal(journal), k_private));
  }
  return started;
}

Result<std::vector<Stopped>> settle_locked(const Parts& parts, Directory& root,
                                           const fs::path& directory) {
  OBS_TRY_ASSIGN(const auto text, read_if_there(root, k_journal));
  if (!text) {
    return std::vector<Stopped>();
  }
  OBS_TRY_ASSIGN(const Journal journal, parse_journal(*text, (directory / k_journal).string()));
  OBS_TRY(close_journal(parts, root, journal));
  OBS_TRY(engine::remove_helpers_of(parts.http, parts.environment, directory.string()));
  return journal.stopped;
}

}  // namespace

Result<std::vector<Stopped>> settle(const Parts& parts, const fs::path& directory) {
  OBS_TRY_ASSIGN(const auto root, parts.files.open_directory(directory));
  OBS_TRY_ASSIGN(const auto text, read_if_there(*root, k_journal));
  if (!text) {  // the usual case leaves no lock behind
    return std::vector<Stopped>();
  }
  OBS_TRY_ASSIGN(const auto lock, root->lock(k_lock));
  return settle_locked(parts, *root, directory);
}

Result<void> keep_guard(const Parts& parts, const fs::path& directory, const StopFlag& never) {
  constexpr Duration k_longest = {15 * 60};
  constexpr Duration k_pause = {2};
  OBS_TRY(wait_for_parent());
  const auto start = parts.clock.monotonic();
  while (true) {
    const auto settled = settle(parts, directory);
    if (settled || settled.error().code == Code::integrity) {
      return settled ? Result<void>() : tl::make_unexpected(settled.error());
    }
    if (parts.clock.since(start).seconds > k_longest.seconds) {
      return tl::make_unexpected(settled.error());
    }
    parts.clock.sleep(k_pause, never);
  }
}

Standstill::Standstill(const Parts& parts, fs::path directory, StartCompanion start_companion)
    : parts_(parts),
      directory_(std::move(directory)),
      start_companion_(std::move(start_companion)) {}

Result<std::unique_ptr<Standstill>> Standstill::begin(const Parts& parts, const fs::path& directory,
                                                      StartCompanion start_companion) {
  std::unique_ptr<Standstill> out(new Standstill(parts, directory, std::move(start_companion)));
  OBS_TRY_ASSIGN(out->root_, parts.files.open_directory(directory));
  OBS_TRY_ASSIGN(out->lock_, out->root_->lock(k_lock));
  OBS_TRY(settle_locked(parts, *out->root_, directory));
  return out;
}

Result<void> Standstill::stop(const Stopped& container, Duration grace) {
  if (!companion_) {
    OBS_TRY_ASSIGN(companion_, start_companion_(directory_));
    journal_.at = std::chrono::floor<std::chrono::seconds>(parts_.clock.now());
  }
  journal_.stopped.push_back(container);
  OBS_TRY(root_->replace(k_journal, print_journal(journal_), k_private));
  const auto stopped = engine::stop_container(parts_.http, parts_.environment, container.id, grace);
  if (!stopped) {
    return Failure(Error(stopped.error()).in(fmt::format("stopping '{}'", container.name)));
  }
  return {};
}

Result<void> Standstill::end() {
  if (journal_.stopped.empty()) {
    return {};
  }
  Journal journal = std::exchange(journal_, {});
  const auto closed = close_journal(parts_, *root_, std::move(journal));
  // With the lock free, the companion tries what could not be started once more.
  lock_.reset();
  companion_.reset();
  return closed;
}

Standstill::~Standstill() {
  static_cast<void>(end());
}

}  // namespace obsctl::quiesce
