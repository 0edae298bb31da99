// SPDX-License-Identifier: Apache-2.0
// `obsctl backup list` and `obsctl backup show`: what is in a repository.
#include <memory>

#include "commands/backup.hpp"
#include "commands/typed_flags.hpp"
#include "lib/archive/read.hpp"
#include "lib/backup/report.hpp"

namespace obsctl {
namespace {

struct ListFlags {
  RepositoryFlags repository;
  backup::Goals goals;
  BackupFormat output = BackupFormat::text;
};

struct ShowFlags {
  RepositoryFlags repository;
  std::string set;
  bool files = false;
  BackupFormat output = BackupFormat::text;
};

Result<int> list(Context& context, const ListFlags& flags) {
  OBS_TRY_ASSIGN(const auto repository, open_repository(context, flags.repository));
  backup::Listing listing{.repository = repository.path(),
                          .sets = {},
                          .restores = {},
                          .goals = flags.goals,
                          .now = context.clock.now()};
  OBS_TRY_ASSIGN(listing.sets, repository.sets());
  OBS_TRY_ASSIGN(listing.restores, backup::open_journals(repository));
  context.terminal.out(flags.output == BackupFormat::json
                           ? json_text(backup::list_json(listing))
                           : backup::list_text(listing, context.color_out()));
  return exit_code::ok;
}

Result<backup::FileLists> files_of(const backup::Repository& repository,
                                   const backup::StoredSet& set) {
  backup::FileLists out;
  for (const auto& volume : set.manifest.volumes) {
    OBS_TRY_ASSIGN(const auto opened, backup::open_volume(repository, set.id, volume));
    OBS_TRY_ASSIGN(auto index, archive::read_index(opened.stored()));
    out.emplace_back(volume.name, std::move(index.entries));
  }
  return out;
}

Result<int> show(Context& context, const ShowFlags& flags) {
  OBS_TRY_ASSIGN(const auto repository, open_repository(context, flags.repository));
  OBS_TRY_ASSIGN(const auto sets, repository.sets());
  OBS_TRY_ASSIGN(const auto set, backup::find_set(sets, flags.set));
  if (set.problem) {
    return Failure(*set.problem);
  }
  backup::FileLists files;
  if (flags.files) {
    OBS_TRY_ASSIGN(files, files_of(repository, set));
  }
  context.terminal.out(
      flags.output == BackupFormat::json
          ? json_text(backup::show_json(set, files))
          : backup::show_text(set, files, context.clock.now(), context.color_out()));
  return exit_code::ok;
}

}  // namespace

Command backup_list_command() {
  const auto flags = std::make_shared<ListFlags>();
  Command out;
  out.name = "list";
  out.summary = "list the sets of a repository, and how they meet the goals";
  out.description =
      "Prints how old the last set is that is complete and verified, against the recovery point "
      "objective (RPO), how long the last restore took, against the recovery time objective (RTO), "
      "and every set, the newest first.";
  out.flags = {repository_flag(flags->repository),
               {.name = "rpo",
                .value = "DURATION",
                .into = into_length(&flags->goals.rpo),
                .doc = "set how old the last good set may be"},
               {.name = "rto",
                .value = "DURATION",
                .into = into_length(&flags->goals.rto),
                .doc = "set how long a restore may take"},
               backup_output_flag(flags->output)};
  out.examples = {{"obsctl backup list -r /backup", "see what can be restored"},
                  {"obsctl backup list -r /backup --rpo 1h", "where an hour of data may be lost"}};
  out.see_also = {"backup show", "backup verify"};
  out.run = [flags](Context& context) { return list(context, *flags); };
  return out;
}

Command backup_show_command() {
  const auto flags = std::make_shared<ShowFlags>();
  Command out;
  out.name = "show";
  out.summary = "show what is in a set";
  out.description =
      "Prints the volumes of a set, how they were copied and what could not be read; with --files "
      "every file with its size and the beginning of its SHA-256.";
  out.flags = {repository_flag(flags->repository),
               {.name = "files", .into = &flags->files, .common = true, .doc = "list every file"},
               backup_output_flag(flags->output)};
  out.arguments = {set_argument(flags->set, true, "its name, the beginning of it, or latest")};
  out.examples = {{"obsctl backup show -r /backup latest", "show the last good set"},
                  {"obsctl backup show -r /backup latest --files", "list the files in it"}};
  out.see_also = {"backup list", "restore"};
  out.run = [flags](Context& context) { return show(context, *flags); };
  return out;
}

}  // namespace obsctl
