// SPDX-License-Identifier: Apache-2.0
// `obsctl restore`: flags, the calls of lib/backup, and what is printed.
#include <fmt/format.h>

#include <memory>

#include "commands/backup.hpp"
#include "commands/restore_stack.hpp"
#include "commands/typed_flags.hpp"
#include "lib/backup/report.hpp"
#include "lib/base/text.hpp"
#include "lib/io/signals.hpp"

namespace obsctl {
namespace {

constexpr const char* k_description =
    "Puts the volumes of a set back into the stack of this directory, or with --to into plain "
    "directories. 'latest' is the newest set that is complete and verified.\n\n"
    "Into a stack: the set is verified, what is there is backed up into a pinned set, the stack's "
    "containers are removed, each volume is made anew, filled and read back against the index, and "
    "the stack is started. A restore that was killed is completed by --resume or undone by "
    "--rollback, which brings back the safety backup. The stack's own directory is in the set as the "
    "volume 'stack': take it out with --to and --volume stack.\n\n"
    "Into directories: puts each volume of a set into a directory of its name below --to. The set is verified before "
    "anything is touched, written beside its place, compared with the index of the set, and moved "
    "there in one step: a volume is never half restored.\n\n"
    "What is there already is not written into. --replace keeps it beside the restored volume, as "
    "VOLUME.before-ID, and needs --yes once the plan that is printed is right. --file takes single "
    "files or directories out of a set into a new directory.\n\n"
    "A restore that was killed while volumes were moved is completed by --resume or undone by "
    "--rollback; before that nothing was touched, and the next restore clears up what it left.";

struct RestoreFlags {
  RepositoryFlags repository;
  StackRestoreFlags stack;
  bool no_safety_backup = false;
  std::string set;
  std::optional<std::string> to;
  std::vector<std::string> volumes;
  std::vector<std::string> files;
  bool replace = false;
  bool yes = false;
  bool dry_run = false;
  bool resume = false;
  bool rollback = false;
  BackupFormat output = BackupFormat::text;
};

Result<std::filesystem::path> target_of(const Context& context, const RestoreFlags& flags) {
  if (!flags.to || flags.to->empty()) {
    return fail(Code::usage, "no directory to restore into is named",
                "name one with --to; each volume becomes a directory in it");
  }
  auto out = (context.environment.directory / *flags.to).lexically_normal();
  return out.has_filename() ? out : out.parent_path();
}

void print(Context& context, const RestoreFlags& flags, const std::string& text,
           const nlohmann::ordered_json& json) {
  context.terminal.out(flags.output == BackupFormat::json ? json_text(json) : text);
}

// The lock that a restore takes, and whether its journal can be written.
struct Held {
  backup::RepositoryLock lock;
  bool journaled;
};

Result<Held> hold(const Context& context, const RestoreFlags& flags,
                  const backup::Repository& repository) {
  const bool writable = repository.is_writable();
  OBS_TRY_ASSIGN(auto lock, lock_repository(
                                context, flags.repository, repository,
                                writable ? backup::LockKind::changing : backup::LockKind::reading));
  return Held{std::move(lock), writable};
}

Result<int> settle(Context& context, const RestoreFlags& flags, backup::Repository& repository,
                   const std::filesystem::path& target) {
  OBS_TRY_ASSIGN(const auto journal,
                 backup::settle(repository, target,
                                flags.resume ? backup::Settle::complete : backup::Settle::undo));
  if (!journal) {
    return fail(Code::missing, fmt::format("no restore into '{}' was interrupted", target.string()),
                "'obsctl backup list' shows open ones");
  }
  const bool completed = flags.resume && journal->phase == backup::Phase::moving;
  print(context, flags,
        fmt::format("the restore of {} into '{}' is {}\n", journal->set, target.string(),
                    completed ? "complete" : "undone: everything is as it was"),
        {{"schema", "obsctl.restore.settle/v1"}, {"set", journal->set}, {"completed", completed}});
  return exit_code::ok;
}

Result<int> restore(Context& context, const RestoreFlags& flags, backup::Repository& repository,
                    const std::filesystem::path& target, bool journaled) {
  if (flags.set.empty()) {
    return fail(Code::usage, "no set is named", "name one, or latest");
  }
  OBS_TRY_ASSIGN(const auto sets, repository.sets());
  OBS_TRY_ASSIGN(const auto set, backup::find_set(sets, flags.set));
  OBS_TRY_ASSIGN(const auto plan, backup::plan_restore(repository, sets, set,
                                                       {.target = target,
                                                        .volumes = flags.volumes,
                                                        .files = flags.files,
                                                        .replace = flags.replace}));
  if (flags.dry_run) {
    print(context, flags, backup::restore_plan_text(plan), backup::restore_plan_json(plan));
    return exit_code::ok;
  }
  context.note(trim(backup::restore_plan_text(plan)));
  if (plan.touches() && !flags.yes) {
    return fail(Code::usage, "the restore would move what is there, and '--yes' is not given",
                "add --yes if the plan is right");
  }
  ProgressLine progress(context.terminal, context.clock, context.global.quiet);
  backup::Services services = backup_services(context, progress);
  OBS_TRY_ASSIGN(const auto restored, backup::restore(services, repository, set, plan, journaled));
  progress.clear();
  print(context, flags, backup::restored_text(plan, restored),
        backup::restored_json(plan, restored));
  return exit_code::ok;
}

Result<int> run_in_stack(Context& context, const RestoreFlags& flags) {
  if (!flags.files.empty() || flags.replace) {
    return fail(Code::usage, "single files are restored into a directory only",
                "name the directory with --to");
  }
  StackRestoreFlags stack = flags.stack;
  stack.safety_backup = !flags.no_safety_backup;
  return restore_into_stack(context, {.repository = flags.repository,
                                      .flags = stack,
                                      .set = flags.set,
                                      .volumes = flags.volumes,
                                      .yes = flags.yes,
                                      .dry_run = flags.dry_run,
                                      .resume = flags.resume,
                                      .rollback = flags.rollback,
                                      .output = flags.output});
}

Result<int> run(Context& context, const RestoreFlags& flags) {
  if (!flags.to) {
    return run_in_stack(context, flags);
  }
  OBS_TRY_ASSIGN(const auto target, target_of(context, flags));
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(auto repository, open_repository(context, flags.repository));
  OBS_TRY_ASSIGN(const Held held, hold(context, flags, repository));
  return flags.resume || flags.rollback
             ? settle(context, flags, repository, target)
             : restore(context, flags, repository, target, held.journaled);
}

std::vector<Flag> settle_flags(RestoreFlags& flags) {
  constexpr const char* k_group = "After an interruption";
  const std::vector<std::string> others = {"volume", "file", "replace", "dry-run"};
  std::vector<Flag> out = {{.name = "resume",
                            .into = &flags.resume,
                            .excludes = others,
                            .group = k_group,
                            .doc = "complete the restore that was interrupted"},
                           {.name = "rollback",
                            .into = &flags.rollback,
                            .excludes = others,
                            .group = k_group,
                            .doc = "undo it: what was there before is back"}};
  out.front().excludes.emplace_back("rollback");
  return out;
}

std::vector<Flag> restore_flags(RestoreFlags& flags) {
  std::vector<Flag> out = {
      repository_flag(flags.repository),
      {.name = "to",
       .value = "DIR",
       .into = &flags.to,
       .completes = "directory",
       .excludes = {"dir", "no-safety-backup", "older-images"},
       .common = true,
       .doc = "restore into this directory instead of a stack"},
      stack_dir_flag(flags.stack.stack),
      {.name = "no-safety-backup",
       .into = &flags.no_safety_backup,
       .doc = "do not back up what is there first; --rollback is impossible then"},
      {.name = "older-images",
       .into = &flags.stack.older_images,
       .doc = "restore data of newer components than the stack has"},
      {.name = "volume",
       .value = "NAME",
       .into = &flags.volumes,
       .common = true,
       .doc = "restore only this volume"},
      {.name = "file",
       .value = "PATH",
       .into = &flags.files,
       .excludes = {"replace"},
       .common = true,
       .doc = "restore only this file or directory of a volume"},
      {.name = "replace",
       .into = &flags.replace,
       .excludes = {"file"},
       .doc = "set aside what is at the place of a volume, and keep it"},
      {.name = "yes",
       .short_name = 'y',
       .into = &flags.yes,
       .common = true,
       .doc = "move what is there without asking"},
      {.name = "dry-run", .into = &flags.dry_run, .doc = "print the plan, and touch nothing"},
      lock_flag(flags.repository),
      backup_output_flag(flags.output),
  };
  for (Flag& flag : settle_flags(flags)) {
    out.push_back(std::move(flag));
  }
  return out;
}

}  // namespace

Command restore_command() {
  const auto flags = std::make_shared<RestoreFlags>();
  Command out;
  out.name = "restore";
  out.group = "Protect";
  out.summary = "restore a backup, verified before anything is touched";
  out.description = k_description;
  out.flags = restore_flags(*flags);
  out.arguments = {set_argument(flags->set, false, "its name, the beginning of it, or latest")};
  out.examples = {
      {"obsctl restore latest -r /backup --dry-run", "see what would be replaced in this stack"},
      {"obsctl restore latest -r /backup --yes", "put the last good set back into this stack"},
      {"obsctl restore latest -r /backup --to /srv/restored", "restore the last good set"},
      {"obsctl restore latest -r /backup --to /var/lib --volume grafana --replace --yes",
       "put back one volume and keep what was there"},
      {"obsctl restore latest -r /backup --to /tmp/out --file grafana.db", "take out one file"},
  };
  out.exit_codes = {
      {exit_code::unavailable, "there is no such set, or another run holds the repository"},
      {exit_code::integrity, "the set is damaged; nothing was touched"}};
  out.see_also = {"backup list", "backup verify"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
