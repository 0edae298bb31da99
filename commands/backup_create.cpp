// SPDX-License-Identifier: Apache-2.0
// `obsctl backup create`: flags, the call of lib/backup, and what is printed.
#include <fmt/format.h>

#include <memory>

#include "commands/backup.hpp"
#include "commands/backup_stack.hpp"
#include "commands/typed_flags.hpp"
#include "lib/backup/create.hpp"
#include "lib/backup/report.hpp"
#include "lib/io/signals.hpp"

namespace obsctl {
namespace {

constexpr const char* k_description =
    "Copies the stack of this directory, or the directories that --path names, into a new set of the "
    "repository, reads back what was written and compares it with the checksums that were made while "
    "copying. Exit code 0 means that the set is there, whole and verified, and that every container "
    "is as it was before; after a failure or a kill there is no new set, and earlier ones are as they "
    "were.\n\n"
    "Of a stack, its directory (obsctl.yaml, generated files, secrets) and its volumes are copied, "
    "through the container engine and without an image from a registry. Containers that write to a "
    "volume are stopped while it is read, one volume after the other, and started again whatever "
    "happens: also when obsctl is killed. How long each was stopped is printed. --live stops nothing: "
    "the copy is then what a power failure would leave.\n\n"
    "Directories are copied while programs may write to them: stop what writes there first, or a "
    "file that changed is reported and the backup fails. --allow-partial keeps what could be read as a "
    "partial set, which no policy counts and 'restore latest' never picks.\n\n"
    "A backup of less than half of what the last one had is refused: data may be missing. A new "
    "repository is made where --repository names a directory that is empty or not there; where only "
    "the environment names it, --init has to be given, because a disk that is not mounted looks empty "
    "too.\n\n"
    "--retain removes old sets afterwards, as 'obsctl backup prune' does.";

struct CreateFlags {
  RepositoryFlags repository;
  StackFlags stack;
  std::vector<std::string> paths;
  backup::CreateOptions options;
  std::string name;
  bool init = false;
  bool dry_run = false;
  BackupFormat output = BackupFormat::text;
};

Result<backup::Repository> open_or_init(Context& context, const CreateFlags& flags) {
  OBS_TRY_ASSIGN(const auto path, repository_path(context, flags.repository));
  OBS_TRY_ASSIGN(const bool free, backup::Repository::is_free(path));
  if (!free) {
    return backup::Repository::open(path);
  }
  if (!flags.init && !flags.repository.path) {
    return fail(Code::missing, fmt::format("'{}' is empty or not there", path.string()),
                "mount its disk; --init makes a new repository");
  }
  OBS_TRY_ASSIGN(auto out, backup::Repository::init(path, context.random));
  context.note(fmt::format("obsctl: made a new repository in '{}'", path.string()));
  return out;
}

// What is backed up, and whose it is: of nobody where directories were named.
struct Subject {
  std::unique_ptr<RunningStack> stack = {};
  std::vector<backup::Volume> volumes = {};
  backup::CreateOptions options = {};
};

Result<Subject> directories_of(const Context& context, const CreateFlags& flags,
                               const std::filesystem::path& repository) {
  std::vector<std::filesystem::path> paths;
  for (const std::string& path : flags.paths) {
    paths.push_back(context.environment.directory / path);
  }
  Subject out{.options = flags.options};
  OBS_TRY_ASSIGN(out.volumes, backup::directory_volumes(paths, repository));
  return out;
}

Result<Subject> stack_of(Context& context, const CreateFlags& flags,
                         const std::filesystem::path& repository) {
  Subject out{.options = flags.options};
  OBS_TRY_ASSIGN(out.stack, open_running_stack(context, flags.stack));
  adapt_to_stack(out.options, out.stack->stack);
  OBS_TRY_ASSIGN(auto volumes, protect::stack_volumes(out.stack->engine, out.stack->stack,
                                                      {.live = flags.stack.live,
                                                       .others = flags.stack.others,
                                                       .repository = repository},
                                                      out.stack->touched));
  for (const std::string& line : volumes.left_out) {
    context.note("obsctl: left out: " + line);
  }
  out.volumes = std::move(volumes.volumes);
  return out;
}

Result<int> print_plan(Context& context, const CreateFlags& flags, const Subject& subject) {
  OBS_TRY_ASSIGN(const auto repository, open_repository(context, flags.repository));
  OBS_TRY_ASSIGN(const auto plan,
                 backup::plan_backup(repository, subject.volumes, subject.options));
  context.terminal.out(flags.output == BackupFormat::json ? json_text(backup::plan_json(plan))
                                                          : backup::plan_text(plan));
  return exit_code::ok;
}

Result<int> run(Context& context, const CreateFlags& flags) {
  OBS_TRY_ASSIGN(const auto path, repository_path(context, flags.repository));
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(const Subject subject, flags.paths.empty() ? stack_of(context, flags, path)
                                                            : directories_of(context, flags, path));
  if (flags.dry_run) {
    return print_plan(context, flags, subject);
  }
  OBS_TRY_ASSIGN(auto repository, open_or_init(context, flags));
  OBS_TRY_ASSIGN(const auto lock, lock_repository(context, flags.repository, repository,
                                                  backup::LockKind::changing));
  ProgressLine progress(context.terminal, context.clock, context.global.quiet);
  backup::Services services = backup_services(context, progress);
  OBS_TRY_ASSIGN(const auto created,
                 backup::create(services, repository, subject.volumes, subject.options));
  progress.clear();
  context.terminal.out(flags.output == BackupFormat::json ? json_text(backup::created_json(created))
                                                          : backup::created_text(created));
  if (subject.stack) {
    OBS_TRY(conclude(context, *subject.stack, repository, created));
  }
  return created.set.manifest.status == backup::Status::complete ? exit_code::ok
                                                                 : exit_code::findings;
}

std::vector<Flag> create_flags(CreateFlags& flags) {
  return {
      repository_flag(flags.repository),
      {.name = "path",
       .short_name = 'p',
       .value = "DIR",
       .into = &flags.paths,
       .completes = "directory",
       .excludes = {"dir", "live", "others"},
       .common = true,
       .doc = "back up this directory instead of a stack"},
      stack_dir_flag(flags.stack),
      {.name = "live",
       .into = &flags.stack.live,
       .doc = "stop no container: copy volumes while they are written to"},
      {.name = "others",
       .into = &flags.stack.others,
       .doc = "also stop containers outside of the stack that write to its volumes"},
      {.name = "name",
       .value = "NAME",
       .into = &flags.options.group,
       .fallback = "the stack or the directories",
       .doc = "count sets with this name as versions of one thing"},
      {.name = "retain",
       .value = "POLICY",
       .into = into_policy(&flags.options.retain),
       .common = true,
       .doc = "remove old sets after success, for example last=7,daily=14,weekly=8,monthly=12"},
      {.name = "verify",
       .value = "LEVEL",
       .into = into_choice(&flags.options.verify),
       .doc = "read back the files of the set, or also every file in them"},
      {.name = "allow-partial",
       .into = &flags.options.allow_partial,
       .doc = "keep what could be read when something could not"},
      {.name = "allow-empty",
       .into = &flags.options.allow_empty,
       .doc = "back up empty directories"},
      {.name = "accept-shrink",
       .into = &flags.options.accept_shrink,
       .doc = "back up less than half of what the last set has"},
      {.name = "init",
       .into = &flags.init,
       .excludes = {"dry-run"},
       .doc = "make the repository if its directory is empty or not there"},
      {.name = "dry-run",
       .into = &flags.dry_run,
       .excludes = {"init"},
       .common = true,
       .doc = "say what would be copied, and write nothing"},
      lock_flag(flags.repository),
      backup_output_flag(flags.output),
  };
}

}  // namespace

Command backup_create_command() {
  const auto flags = std::make_shared<CreateFlags>();
  flags->options.version = OBSCTL_VERSION;
  Command out;
  out.name = "create";
  out.summary = "make a backup and prove that it can be read";
  out.description = k_description;
  out.flags = create_flags(*flags);
  out.examples = {
      {"obsctl backup create -r /backup", "back up the stack of this directory"},
      {"obsctl backup create -r /backup -p /var/lib/prometheus -p /var/lib/grafana",
       "back up two directories"},
      {"obsctl backup create -r /backup -p /data --retain last=7,daily=14,weekly=8,monthly=12",
       "and remove sets that the policy does not keep"},
      {"obsctl backup create -r /backup -p /data --dry-run", "see what would be copied"},
  };
  out.exit_codes = {
      {exit_code::findings, "the set is partial"},
      {exit_code::unavailable, "a directory is missing, or another run holds the repository"},
      {exit_code::integrity, "what was read back is not what was written"}};
  out.see_also = {"backup list", "backup verify", "restore"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
