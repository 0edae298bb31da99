// SPDX-License-Identifier: Apache-2.0
// The group `obsctl backup` and `obsctl restore`, and what their commands share.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "commands/health.hpp"
#include "lib/backup/repository.hpp"
#include "lib/backup/retention.hpp"
#include "lib/backup/services.hpp"

namespace obsctl {

[[nodiscard]] Command backup_command();
[[nodiscard]] Command backup_create_command();
[[nodiscard]] Command backup_list_command();
[[nodiscard]] Command backup_show_command();
[[nodiscard]] Command backup_verify_command();
[[nodiscard]] Command backup_prune_command();
[[nodiscard]] Command backup_pin_command();
[[nodiscard]] Command backup_unpin_command();
[[nodiscard]] Command restore_command();

enum class BackupFormat { text, json };
constexpr auto names_of(BackupFormat) {
  return std::to_array<Named<BackupFormat>>(
      {{BackupFormat::text, "text"}, {BackupFormat::json, "json"}});
}

// Which repository, and how long to wait for it.
struct RepositoryFlags {
  std::optional<std::string> path;
  Duration lock_timeout = {};
};

[[nodiscard]] Flag repository_flag(RepositoryFlags& flags);
[[nodiscard]] Flag lock_flag(RepositoryFlags& flags);
[[nodiscard]] TypedValue into_policy(std::optional<backup::RetentionPolicy>* policy);
[[nodiscard]] Flag backup_output_flag(BackupFormat& output);
[[nodiscard]] Argument set_argument(std::string& into, bool required, std::string doc);

// Absolute. Errors (Code::usage): neither the flag nor the variable names one.
[[nodiscard]] Result<std::filesystem::path> repository_path(const Context& context,
                                                            const RepositoryFlags& flags);
[[nodiscard]] Result<backup::Repository> open_repository(const Context& context,
                                                         const RepositoryFlags& flags);
[[nodiscard]] Result<backup::RepositoryLock> lock_repository(const Context& context,
                                                             const RepositoryFlags& flags,
                                                             const backup::Repository& repository,
                                                             backup::LockKind kind);

[[nodiscard]] backup::Services backup_services(Context& context, ProgressLine& progress);

}  // namespace obsctl
