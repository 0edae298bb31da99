// SPDX-License-Identifier: Apache-2.0
// Restores the volumes of a stack: plan, proof, safety backup, and the steps of lib/protect.
#include "commands/restore_stack.hpp"

#include <fmt/format.h>

#include "lib/backup/create.hpp"
#include "lib/backup/verify.hpp"
#include "lib/base/units.hpp"
#include "lib/io/signals.hpp"
#include "lib/protect/restore_stack.hpp"

namespace obsctl {
namespace {

// What all steps work with.
struct Job {
  Context& context;
  const StackRestoreRequest& request;
  RunningStack& running;
  backup::Repository& repository;
  backup::Services& services;
};

std::string plan_text(const protect::StackRestorePlan& plan, const stack::Stack& stack) {
  std::string out = fmt::format("restore the set {} into the stack '{}' in '{}'\n", plan.set,
                                stack.spec.name, stack.directory.string());
  for (const auto& item : plan.items) {
    out += fmt::format("  {:<28} {:>10}  {}\n", item.name,
                       human_bytes({static_cast<double>(item.bytes)}),
                       item.exists ? "replaces what is there" : "is made");
  }
  for (const std::string& warning : plan.warnings) {
    out += fmt::format("  {}\n", warning);
  }
  return out;
}

nlohmann::ordered_json plan_json(const protect::StackRestorePlan& plan) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& item : plan.items) {
    rows.push_back({{"name", item.name},
                    {"volume", item.volume.name},
                    {"bytes", item.bytes},
                    {"replaces", item.exists}});
  }
  return {{"schema", "obsctl.restore.stack-plan/v1"},
          {"set", plan.set},
          {"volumes", rows},
          {"warnings", plan.warnings}};
}

Result<void> prove(const Job& job, const backup::StoredSet& set,
                   const std::vector<std::string>& volumes) {
  job.context.note("obsctl: verifying the set before anything is touched");
  OBS_TRY_ASSIGN(const auto proof,
                 backup::prove(job.services, job.repository, set, backup::Level::full, volumes));
  job.services.progress.clear();
  if (!proof.passed()) {
    return tl::make_unexpected(proof.failure());
  }
  return backup::check_entries(job.repository, set, volumes);
}

// The id of the set with what is there now; empty when nothing is.
Result<std::string> safety_backup(const Job& job, const protect::StackRestorePlan& plan) {
  std::vector<std::string> names;
  for (const auto& item : plan.items) {
    if (item.exists) {
      names.push_back(item.name);
    }
  }
  if (names.empty() || !job.request.flags.safety_backup) {
    return std::string();
  }
  job.context.note("obsctl: backing up what is there");
  OBS_TRY_ASSIGN(const auto volumes, protect::stack_volumes(job.running.engine, job.running.stack,
                                                            {.only = names}, job.running.touched));
  const backup::CreateOptions options{
      .group = std::string(backup::k_safety_group) + job.running.stack.spec.name,
      .version = OBSCTL_VERSION,
      .allow_empty = true,
      .accept_shrink = true,
  };
  OBS_TRY_ASSIGN(const auto created,
                 backup::create(job.services, job.repository, volumes.volumes, options));
  job.services.progress.clear();
  backup::Marks marks = created.set.marks;
  marks.pinned = true;
  OBS_TRY(job.repository.write_marks(created.set.id, marks));
  return created.set.id;
}

// What `backup list` holds against the goal. Only a restore of all volumes tells how long one takes.
void remember_time(const Job& job, const backup::StoredSet& set, Duration took) {
  if (!job.request.volumes.empty() || job.request.resume || job.request.rollback) {
    return;
  }
  backup::Marks marks = job.repository.read_set(set.id).marks;
  marks.restored = {.at = job.context.clock.now(), .took = took, .bytes = set.manifest.bytes()};
  if (const auto written = job.repository.write_marks(set.id, marks); !written) {
    job.services.note("how long it took is not recorded: " + written.error().message);
  }
}

Result<int> carry_out(const Job& job, const backup::StoredSet& set,
                      protect::RestoreJournal journal) {
  const std::string safety = journal.safety;
  OBS_TRY_ASSIGN(
      const auto restored,
      protect::restore_stack(job.services, job.running.engine, job.context.processes,
                             job.repository, set, job.running.stack, std::move(journal)));
  job.services.progress.clear();
  remember_time(job, set, restored.took);
  const nlohmann::ordered_json json = {{"schema", "obsctl.restore.stack/v1"},
                                       {"set", set.id},
                                       {"entries", restored.entries},
                                       {"seconds", restored.took.seconds},
                                       {"safety_set", safety}};
  std::string text = fmt::format("restored {}: {} entries written and read back in {}\n", set.id,
                                 restored.entries, human_duration(restored.took));
  if (!safety.empty()) {
    text += fmt::format("what was there before is in the set {} (pinned)\n", safety);
  }
  job.context.terminal.out(job.request.output == BackupFormat::json ? json_text(json) : text);
  return exit_code::ok;
}

// A repository may hold several stacks: the latest is that of this one.
Result<backup::StoredSet> set_of(const Job& job) {
  OBS_TRY_ASSIGN(auto sets, job.repository.sets());
  const bool latest = job.request.set == "latest";
  if (latest) {
    std::erase_if(sets, [&](const backup::StoredSet& set) {
      return !protect::is_of_stack(set, job.running.stack);
    });
  }
  auto found = backup::find_set(sets, job.request.set);
  if (!found && latest) {
    return fail(Code::missing,
                fmt::format("no set of the stack '{}' is complete and verified",
                            job.running.stack.spec.name),
                "`obsctl backup list` shows which sets there are; name one to restore it here");
  }
  return found;
}

Result<int> restore(const Job& job) {
  if (job.request.set.empty()) {
    return fail(Code::usage, "no set is named", "name one, or latest");
  }
  OBS_TRY_ASSIGN(const auto set, set_of(job));
  OBS_TRY_ASSIGN(const auto plan,
                 protect::plan_stack_restore(
                     job.running.engine, job.running.stack, set,
                     {.only = job.request.volumes, .older = job.request.flags.older_images}));
  const std::string text = plan_text(plan, job.running.stack);
  if (job.request.dry_run) {
    job.context.terminal.out(job.request.output == BackupFormat::json ? json_text(plan_json(plan))
                                                                      : text);
    return exit_code::ok;
  }
  job.context.note(text);
  if (!job.request.yes) {
    return fail(Code::usage, "the restore stops the stack, and '--yes' is not given",
                "add --yes if the plan is right");
  }
  std::vector<std::string> names;
  protect::RestoreJournal journal{.repository = job.repository.path().string(),
                                  .set = set.id,
                                  .started = job.context.clock.now()};
  for (const auto& item : plan.items) {
    names.push_back(item.name);
    journal.rows.push_back({.name = item.name, .volume = item.volume});
  }
  OBS_TRY(prove(job, set, names));
  OBS_TRY_ASSIGN(journal.safety, safety_backup(job, plan));
  return carry_out(job, set, std::move(journal));
}

// The journal with which the state before the restore comes back. Volumes that were not there before
// keep what the restore made of them.
Result<protect::RestoreJournal> undone(const Job& job, protect::RestoreJournal journal) {
  if (journal.safety.empty()) {
    return fail(Code::missing, "the restore was made without a safety backup",
                "complete it with --resume");
  }
  const backup::StoredSet safety = job.repository.read_set(journal.safety);
  std::erase_if(journal.rows, [&](const protect::RestoreRow& row) {
    return safety.manifest.find(row.name) == nullptr;
  });
  for (protect::RestoreRow& row : journal.rows) {
    row.done = false;
  }
  journal.set = std::exchange(journal.safety, "");
  return journal;
}

Result<int> go_on(const Job& job, protect::RestoreJournal journal) {
  if (job.request.rollback) {
    OBS_TRY_ASSIGN(journal, undone(job, std::move(journal)));
  }
  const backup::StoredSet set = job.repository.read_set(journal.set);
  if (set.problem) {
    return tl::make_unexpected(*set.problem);
  }
  std::vector<std::string> names;
  for (const protect::RestoreRow& row : journal.rows) {
    names.push_back(row.name);
  }
  OBS_TRY(prove(job, set, names));
  return carry_out(job, set, std::move(journal));
}

Result<RepositoryFlags> repository_of(const StackRestoreRequest& request,
                                      const std::optional<protect::RestoreJournal>& journal) {
  RepositoryFlags out = request.repository;
  if (journal && !out.path) {
    out.path = journal->repository;
  }
  return out;
}

}  // namespace

Result<int> restore_into_stack(Context& context, const StackRestoreRequest& request) {
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(const auto running, open_running_stack(context, request.flags.stack, true));
  OBS_TRY_ASSIGN(auto journal,
                 protect::read_restore_journal(context.files, running->stack.directory));
  const bool goes_on = request.resume || request.rollback;
  if (goes_on && !journal) {
    return fail(Code::missing, "no restore of this stack was interrupted");
  }
  if (!goes_on && journal) {
    return fail(
        Code::failed,
        fmt::format("a restore of the set {} into this stack was interrupted", journal->set),
        "complete it with --resume, or undo it with --rollback");
  }
  OBS_TRY_ASSIGN(const auto flags, repository_of(request, journal));
  OBS_TRY_ASSIGN(auto repository, open_repository(context, flags));
  OBS_TRY_ASSIGN(const auto lock,
                 lock_repository(context, flags, repository, backup::LockKind::changing));
  ProgressLine progress(context.terminal, context.clock, context.global.quiet);
  backup::Services services = backup_services(context, progress);
  const Job job{context, request, *running, repository, services};
  return goes_on ? go_on(job, std::move(*journal)) : restore(job);
}

}  // namespace obsctl
