// SPDX-License-Identifier: Apache-2.0
// Declares the group `obsctl backup`, and the flags that its commands share.
#include "commands/backup.hpp"

#include <fmt/format.h>

#include "commands/typed_flags.hpp"

namespace obsctl {
namespace {

constexpr const char* k_variable = "OBSCTL_BACKUP_REPOSITORY";

}  // namespace

Flag repository_flag(RepositoryFlags& flags) {
  return {.name = "repository",
          .short_name = 'r',
          .value = "DIR",
          .into = &flags.path,
          .completes = "directory",
          .env = k_variable,
          .env_by_command = true,
          .common = true,
          .doc = "use the repository of backups in this directory"};
}

Flag lock_flag(RepositoryFlags& flags) {
  return {.name = "lock-timeout",
          .value = "DURATION",
          .into = into_duration(&flags.lock_timeout),
          .doc = "wait this long while another run holds the repository"};
}

TypedValue into_policy(std::optional<backup::RetentionPolicy>* policy) {
  return typed_flags::into(policy, backup::parse_policy, backup::print_policy);
}

Flag backup_output_flag(BackupFormat& output) {
  return output_flag(into_choice(&output));
}

Argument set_argument(std::string& into, bool required, std::string doc) {
  return {.name = "SET", .into = &into, .required = required, .doc = std::move(doc)};
}

Result<std::filesystem::path> repository_path(const Context& context,
                                              const RepositoryFlags& flags) {
  const auto text = flags.path ? flags.path : context.environment.get(k_variable);
  if (!text || text->empty()) {
    return fail(Code::usage, "no repository of backups is named",
                fmt::format("name its directory with --repository, or in {}", k_variable));
  }
  return (context.environment.directory / *text).lexically_normal();
}

Result<backup::Repository> open_repository(const Context& context, const RepositoryFlags& flags) {
  OBS_TRY_ASSIGN(const auto path, repository_path(context, flags));
  return backup::Repository::open(path);
}

Result<backup::RepositoryLock> lock_repository(const Context& context, const RepositoryFlags& flags,
                                               const backup::Repository& repository,
                                               backup::LockKind kind) {
  return repository.lock(kind, flags.lock_timeout, context.clock, context.stop);
}

backup::Services backup_services(Context& context, ProgressLine& progress) {
  return {context.clock, context.random, context.stop, progress,
          [&context](const std::string& line) { context.note("obsctl: " + line); }};
}

Command backup_command() {
  Command out;
  out.name = "backup";
  out.group = "Protect";
  out.summary = "make backups, prove that they can be read, and remove old ones";
  out.description =
      "Copies directories into a repository: a directory with one set for each backup. A set appears "
      "in one step once all of it is on the disk, is read back before the backup counts as done, and "
      "can be unpacked with tar and zstd alone.";
  out.commands = {backup_create_command(), backup_list_command(),  backup_show_command(),
                  backup_verify_command(), backup_prune_command(), backup_pin_command(),
                  backup_unpin_command()};
  out.examples = {
      {"obsctl backup create -r /backup -p /var/lib/prometheus", "make a backup of a directory"},
      {"obsctl backup list -r /backup", "see what can be restored, and how old it is"},
      {"obsctl restore latest -r /backup --to /srv/restored", "restore the last good set"},
  };
  out.see_also = {"restore", "health"};
  return out;
}

}  // namespace obsctl
