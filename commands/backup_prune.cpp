// SPDX-License-Identifier: Apache-2.0
// `obsctl backup prune`, `pin` and `unpin`: which sets stay.
#include <fmt/format.h>

#include <memory>

#include "commands/backup.hpp"
#include "commands/typed_flags.hpp"
#include "lib/backup/report.hpp"
#include "lib/io/signals.hpp"

namespace obsctl {
namespace {

constexpr const char* k_description =
    "Removes the sets that no rule of the policy keeps, and says for each set why it stays or goes.\n\n"
    "A policy is a list of rules: last=N keeps the newest N sets; hourly, daily, weekly, monthly and "
    "yearly keep the newest set of each of the last N such periods that have one, in UTC; within=30d "
    "keeps what is not older. A set that one rule keeps stays.\n\n"
    "Only sets that are complete and verified count. Never removed are the last one of them, sets that "
    "are pinned, partial, not verified, damaged, dated in the future or named by an open restore. "
    "Sets of other directories are counted by themselves.";

struct PruneFlags {
  RepositoryFlags repository;
  std::optional<backup::RetentionPolicy> retain;
  bool dry_run = false;
  BackupFormat output = BackupFormat::text;
};

struct PinFlags {
  RepositoryFlags repository;
  std::string set;
};

Result<int> prune(Context& context, const PruneFlags& flags) {
  if (!flags.retain) {
    return fail(Code::usage, "no policy is given",
                "for example --retain last=7,daily=14,weekly=8,monthly=12");
  }
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(auto repository, open_repository(context, flags.repository));
  OBS_TRY_ASSIGN(const auto lock, lock_repository(context, flags.repository, repository,
                                                  flags.dry_run ? backup::LockKind::reading
                                                                : backup::LockKind::changing));
  if (!flags.dry_run) {
    OBS_TRY(repository.reclaim());
  }
  ProgressLine progress(context.terminal, context.clock, context.global.quiet);
  backup::Services services = backup_services(context, progress);
  OBS_TRY_ASSIGN(const auto pruned,
                 backup::prune(services, repository, *flags.retain, flags.dry_run));
  context.terminal.out(flags.output == BackupFormat::json ? json_text(backup::pruned_json(pruned))
                                                          : backup::pruned_text(pruned));
  return exit_code::ok;
}

Result<int> pin(Context& context, const PinFlags& flags, bool pinned) {
  OBS_TRY_ASSIGN(auto repository, open_repository(context, flags.repository));
  OBS_TRY_ASSIGN(const auto lock, lock_repository(context, flags.repository, repository,
                                                  backup::LockKind::changing));
  OBS_TRY_ASSIGN(const auto sets, repository.sets());
  OBS_TRY_ASSIGN(const auto set, backup::find_set(sets, flags.set));
  backup::Marks marks = set.marks;
  marks.pinned = pinned;
  OBS_TRY(repository.write_marks(set.id, marks));
  context.note(fmt::format("obsctl: {} is {}", set.id, pinned ? "pinned" : "no longer pinned"));
  return exit_code::ok;
}

Command pin_command(bool pinned) {
  const auto flags = std::make_shared<PinFlags>();
  Command out;
  out.name = pinned ? "pin" : "unpin";
  out.summary = pinned ? "keep a set whatever a policy says" : "let policies remove a set again";
  out.flags = {repository_flag(flags->repository), lock_flag(flags->repository)};
  out.arguments = {set_argument(flags->set, true, "its name, the beginning of it, or latest")};
  out.examples = {{fmt::format("obsctl backup {} -r /backup latest", out.name), out.summary}};
  out.see_also = {"backup prune", "backup list"};
  out.run = [flags, pinned](Context& context) { return pin(context, *flags, pinned); };
  return out;
}

}  // namespace

Command backup_prune_command() {
  const auto flags = std::make_shared<PruneFlags>();
  Command out;
  out.name = "prune";
  out.summary = "remove old sets by a policy";
  out.description = k_description;
  out.flags = {repository_flag(flags->repository),
               {.name = "retain",
                .value = "POLICY",
                .into = into_policy(&flags->retain),
                .common = true,
                .doc = "set what is kept, for example last=7,daily=14,weekly=8,monthly=12"},
               {.name = "dry-run",
                .into = &flags->dry_run,
                .common = true,
                .doc = "say what would be removed, and remove nothing"},
               lock_flag(flags->repository),
               backup_output_flag(flags->output)};
  out.examples = {
      {"obsctl backup prune -r /backup --retain last=7,daily=14,weekly=8,monthly=12 --dry-run",
       "see which sets would go, and why the others stay"},
      {"obsctl backup prune -r /backup --retain within=30d", "keep a month"}};
  out.see_also = {"backup list", "backup pin"};
  out.run = [flags](Context& context) { return prune(context, *flags); };
  return out;
}

Command backup_pin_command() {
  return pin_command(true);
}

Command backup_unpin_command() {
  return pin_command(false);
}

}  // namespace obsctl
