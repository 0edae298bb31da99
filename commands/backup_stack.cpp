// SPDX-License-Identifier: Apache-2.0
// Opens stacks for backup and restore, and closes a backup of one.
#include "commands/backup_stack.hpp"

#include <fmt/format.h>

#include "commands/guard.hpp"
#include "lib/protect/restore_journal.hpp"
#include "lib/quiesce/standstill.hpp"
#include "lib/stack/paths.hpp"
#include "lib/stack/state.hpp"

namespace obsctl {
namespace {

Result<void> check_target(const stack::Stack& stack) {
  if (stack.target->on_this_host) {
    return {};
  }
  return fail(Code::config,
              fmt::format("the stack is run by {}, whose volumes obsctl cannot back up",
                          stack.target->title),
              "back up its volumes as OPERATIONS.md says");
}

Result<void> check_open_restore(Context& context, const stack::Stack& stack) {
  OBS_TRY_ASSIGN(const auto journal, protect::read_restore_journal(context.files, stack.directory));
  if (!journal) {
    return {};
  }
  return fail(Code::failed,
              fmt::format("a restore of the set {} into this stack was interrupted", journal->set),
              "complete it with `obsctl restore --resume`, or undo it with --rollback");
}

Result<void> settle(Context& context, const RunningStack& running) {
  OBS_TRY_ASSIGN(const auto settled, quiesce::settle(running.engine.parts, running.engine.journal));
  for (const quiesce::Stopped& one : settled) {
    context.note(
        fmt::format("obsctl: started {}, which an interrupted backup had stopped", one.name));
  }
  return {};
}

}  // namespace

Flag stack_dir_flag(StackFlags& flags) {
  return {.name = "dir",
          .value = "DIR",
          .into = &flags.dir,
          .completes = "directory",
          .fallback = "the nearest stack from here upwards",
          .doc = "use the stack in this directory"};
}

Result<std::unique_ptr<RunningStack>> open_running_stack(Context& context, const StackFlags& flags,
                                                         bool in_restore) {
  const auto& here = context.environment.directory;
  auto stack =
      stack::open(context.files, context.environment, flags.dir ? here / *flags.dir : here);
  if (!stack) {
    Error error = stack.error();
    if (error.code == Code::missing && !flags.dir && !in_restore) {
      error.hint = "name directories to back up with --path, or a stack with --dir";
    }
    return tl::make_unexpected(std::move(error));
  }
  OBS_TRY(check_target(*stack));
  const auto journal = stack->directory / stack_paths::own;
  OBS_TRY(context.files.make_directories(journal));
  std::unique_ptr<RunningStack> out(new RunningStack{
      std::move(*stack),
      {.parts = {context.files, context.http, context.environment, context.clock},
       .stop = context.stop,
       .journal = journal,
       .start_companion = start_guard,
       .note = [&context](const std::string& line) { context.note("obsctl: " + line); }}});
  OBS_TRY(settle(context, *out));
  if (!in_restore) {
    OBS_TRY(check_open_restore(context, out->stack));
  }
  return out;
}

void adapt_to_stack(backup::CreateOptions& options, const stack::Stack& stack) {
  // A queue is drained and a write-ahead log is cut short all the time.
  constexpr std::uint64_t k_small = std::uint64_t{256} << 20U;
  options.shrink_floor = k_small;
  options.allow_empty = true;
  if (options.group.empty()) {
    options.group = "stack:" + stack.spec.name;
  }
}

Result<void> conclude(Context& context, RunningStack& running, const backup::Repository& repository,
                      const backup::Created& created) {
  constexpr Duration k_longest = {180};
  OBS_TRY(protect::wait_as_before(running.engine, running.touched, k_longest));
  context.note(
      "obsctl: the set holds the stack's secrets and is not encrypted; its files are closed to "
      "other users");
  const backup::Manifest& manifest = created.set.manifest;
  return stack::update_state(context.files, running.stack.directory, [&](stack::State& state) {
    state.last_backup = {.at = manifest.finished,
                         .id = manifest.id,
                         .repository = repository.path().string(),
                         .complete = manifest.status == backup::Status::complete};
    state.last_verify = {
        .at = created.proof.at, .id = manifest.id, .passed = created.proof.passed()};
    if (created.pruned) {
      state.last_prune = {.at = created.proof.at,
                          .removed = created.pruned->removed(),
                          .kept = created.pruned->kept()};
    }
  });
}

}  // namespace obsctl
