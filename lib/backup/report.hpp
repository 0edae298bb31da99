// SPDX-License-Identifier: Apache-2.0
// What the backup commands say: the answer first, as text of one screen and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/backup/create.hpp"
#include "lib/backup/journal.hpp"
#include "lib/backup/prune.hpp"
#include "lib/backup/restore.hpp"
#include "lib/backup/verify.hpp"

namespace obsctl::backup {

// How old the newest good set may be, and how long a restore may take.
struct Goals {
  Duration rpo = {24 * 3600.0};
  Duration rto = {4 * 3600.0};
};

struct Listing {
  std::filesystem::path repository;
  std::vector<StoredSet> sets;
  std::vector<Journal> restores;  // open ones
  Goals goals;
  Time now;
};

[[nodiscard]] std::string list_text(const Listing& listing, bool color);
[[nodiscard]] nlohmann::ordered_json list_json(const Listing& listing);

// `files`: the index of each volume, where it was asked for.
using FileLists = std::vector<std::pair<std::string, std::vector<archive::Entry>>>;
[[nodiscard]] std::string show_text(const StoredSet& set, const FileLists& files, Time now,
                                    bool color);
[[nodiscard]] nlohmann::ordered_json show_json(const StoredSet& set, const FileLists& files);

[[nodiscard]] std::string plan_text(const CreatePlan& plan);
[[nodiscard]] nlohmann::ordered_json plan_json(const CreatePlan& plan);
[[nodiscard]] std::string created_text(const Created& created);
[[nodiscard]] nlohmann::ordered_json created_json(const Created& created);

[[nodiscard]] std::string proof_text(const SetProof& proof);
[[nodiscard]] nlohmann::ordered_json proof_json(const SetProof& proof);

[[nodiscard]] std::string pruned_text(const Pruned& pruned);
[[nodiscard]] nlohmann::ordered_json pruned_json(const Pruned& pruned);

[[nodiscard]] std::string restore_plan_text(const RestorePlan& plan);
[[nodiscard]] nlohmann::ordered_json restore_plan_json(const RestorePlan& plan);
[[nodiscard]] std::string restored_text(const RestorePlan& plan, const Restored& restored);
[[nodiscard]] nlohmann::ordered_json restored_json(const RestorePlan& plan,
                                                   const Restored& restored);

}  // namespace obsctl::backup
