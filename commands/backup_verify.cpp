// SPDX-License-Identifier: Apache-2.0
// `obsctl backup verify`: reads sets back.
#include <memory>

#include "commands/backup.hpp"
#include "commands/typed_flags.hpp"
#include "lib/backup/report.hpp"
#include "lib/io/signals.hpp"

namespace obsctl {
namespace {

struct VerifyFlags {
  RepositoryFlags repository;
  std::string set;
  bool all = false;
  backup::Level level = backup::Level::full;
  BackupFormat output = BackupFormat::text;
};

Result<std::vector<backup::StoredSet>> chosen(const VerifyFlags& flags,
                                              std::vector<backup::StoredSet> sets) {
  if (flags.all && !flags.set.empty()) {
    return fail(Code::usage, "'--all' and SET exclude each other");
  }
  if (!flags.set.empty()) {
    OBS_TRY_ASSIGN(auto set, backup::find_set(sets, flags.set));
    return std::vector{std::move(set)};
  }
  if (sets.empty()) {
    return fail(Code::missing, "there is no set yet", "make one with 'obsctl backup create'");
  }
  sets.resize(flags.all ? sets.size() : 1, sets.front());
  return sets;
}

Result<int> run(Context& context, const VerifyFlags& flags) {
  const StopSignals signals(context.stop);
  OBS_TRY_ASSIGN(auto repository, open_repository(context, flags.repository));
  OBS_TRY_ASSIGN(const auto lock,
                 lock_repository(context, flags.repository, repository, backup::LockKind::reading));
  OBS_TRY_ASSIGN(auto sets, repository.sets());
  OBS_TRY_ASSIGN(sets, chosen(flags, std::move(sets)));
  ProgressLine progress(context.terminal, context.clock, context.global.quiet);
  backup::Services services = backup_services(context, progress);
  std::optional<Error> failed;
  auto json = nlohmann::ordered_json::array();
  for (const auto& set : sets) {
    OBS_TRY_ASSIGN(const auto proof, backup::verify(services, repository, set, flags.level));
    json.push_back(backup::proof_json(proof));
    if (flags.output == BackupFormat::text) {
      context.terminal.out(backup::proof_text(proof));
    }
    if (!proof.passed() && !failed) {
      failed = proof.failure();
    } else if (!proof.passed()) {
      failed->more.push_back(proof.failure());
    }
  }
  if (flags.output == BackupFormat::json) {
    context.terminal.out(json_text(flags.all ? json : json.front()));
  }
  return failed ? Result<int>(Failure(std::move(*failed))) : exit_code::ok;
}

}  // namespace

Command backup_verify_command() {
  const auto flags = std::make_shared<VerifyFlags>();
  Command out;
  out.name = "verify";
  out.summary = "read a set back and compare it with its checksums";
  out.description =
      "Reads a set, the newest when none is named, and says which volumes are damaged, and where. "
      "quick compares the files of the set with the SHA-256 in its manifest; full also unpacks them "
      "in memory and compares every file. The result is recorded: 'restore latest' and policies count "
      "verified sets only.";
  out.flags = {repository_flag(flags->repository),
               {.name = "level",
                .value = "LEVEL",
                .into = into_choice(&flags->level),
                .common = true,
                .doc = "set how much is compared"},
               {.name = "all", .into = &flags->all, .common = true, .doc = "verify every set"},
               lock_flag(flags->repository),
               backup_output_flag(flags->output)};
  out.arguments = {set_argument(flags->set, false, "its name, the beginning of it, or latest")};
  out.examples = {{"obsctl backup verify -r /backup", "verify the newest set"},
                  {"obsctl backup verify -r /backup --all --level quick", "all sets, quickly"}};
  out.exit_codes = {{exit_code::integrity, "a set is damaged"}};
  out.see_also = {"backup list", "restore"};
  out.run = [flags](Context& context) { return run(context, *flags); };
  return out;
}

}  // namespace obsctl
