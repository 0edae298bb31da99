// SPDX-License-Identifier: Apache-2.0
// Backups as JSON.
#include <fmt/format.h>

#include <algorithm>

#include "lib/backup/report.hpp"

namespace obsctl::backup {
namespace {

using Json = nlohmann::ordered_json;

Json marks_json(const Marks& marks) {
  Json out;
  out["pinned"] = marks.pinned;
  out["verified"] = marks.verified ? Json{{"at", print_time(marks.verified->at)},
                                          {"level", name_of(marks.verified->level)},
                                          {"passed", marks.verified->passed}}
                                   : Json();
  out["restored"] = marks.restored ? Json{{"at", print_time(marks.restored->at)},
                                          {"seconds", marks.restored->took.seconds},
                                          {"bytes", marks.restored->bytes}}
                                   : Json();
  return out;
}

Json set_json(const StoredSet& set) {
  Json out{{"id", set.id}};
  if (set.problem) {
    out["status"] = "damaged";
    out["problem"] = set.problem->message;
    return out;
  }
  out["status"] = name_of(set.manifest.status);
  out["good"] = set.good();
  out["sequence"] = set.manifest.sequence;
  out["started"] = print_time(set.manifest.started);
  out["finished"] = print_time(set.manifest.finished);
  out["bytes"] = set.manifest.bytes();
  out["stored_bytes"] = set.manifest.stored_bytes();
  out.update(marks_json(set.marks));
  return out;
}

Json file_json(const archive::Entry& entry) {
  Json out{{"path", entry.path},
           {"type", name_of(entry.type)},
           {"mode", fmt::format("{:04o}", entry.mode)},
           {"uid", entry.uid},
           {"gid", entry.gid},
           {"size", entry.size}};
  if (!entry.sha256.empty()) {
    out["sha256"] = entry.sha256;
  }
  return out;
}

Json places_json(const std::vector<std::filesystem::path>& paths) {
  Json out = Json::array();
  for (const auto& path : paths) {
    out.push_back(path.string());
  }
  return out;
}

}  // namespace

Json list_json(const Listing& listing) {
  const auto newest = std::ranges::find_if(listing.sets, &StoredSet::latest);
  const bool any = newest != listing.sets.end();
  const double age =
      any ? std::chrono::duration<double>(listing.now - newest->manifest.started).count() : 0;
  Json out;
  out["schema"] = "obsctl.backup.list/v1";
  out["repository"] = listing.repository.string();
  out["rpo"] = {{"seconds", listing.goals.rpo.seconds},
                {"age_seconds", any ? Json(std::max(age, 0.0)) : Json()},
                {"met", any && age <= listing.goals.rpo.seconds}};
  out["rto_seconds"] = listing.goals.rto.seconds;
  out["latest"] = any ? Json(newest->id) : Json();
  out["sets"] = Json::array();
  for (const StoredSet& set : listing.sets) {
    out["sets"].push_back(set_json(set));
  }
  out["open_restores"] = Json::array();
  for (const Journal& journal : listing.restores) {
    out["open_restores"].push_back({{"id", journal.id},
                                    {"set", journal.set},
                                    {"target", journal.target.string()},
                                    {"phase", name_of(journal.phase)}});
  }
  return out;
}

Json show_json(const StoredSet& set, const FileLists& files) {
  Json out = Json::parse(print_manifest(set.manifest));
  out["schema"] = "obsctl.backup.show/v1";
  out.update(marks_json(set.marks));
  for (const auto& [volume, entries] : files) {
    Json list = Json::array();
    std::ranges::transform(entries, std::back_inserter(list), file_json);
    out["files"][volume] = std::move(list);
  }
  return out;
}

Json plan_json(const CreatePlan& plan) {
  Json out;
  out["schema"] = "obsctl.backup.plan/v1";
  out["volumes"] = Json::array();
  for (const auto& volume : plan.volumes) {
    out["volumes"].push_back({{"name", volume.name},
                              {"path", volume.path},
                              {"bytes", volume.bytes ? Json(*volume.bytes) : Json()}});
  }
  out["needed_bytes"] = plan.needed;
  out["available_bytes"] = plan.available;
  return out;
}

Json created_json(const Created& created) {
  Json out = show_json(created.set, {});
  out["schema"] = "obsctl.backup.create/v1";
  out["verify_seconds"] = created.proof.took.seconds;
  if (created.pruned) {
    out["pruned"] = {{"removed", created.pruned->removed()}, {"kept", created.pruned->kept()}};
  }
  return out;
}

Json proof_json(const SetProof& proof) {
  Json out;
  out["schema"] = "obsctl.backup.verify/v1";
  out["id"] = proof.id;
  out["level"] = name_of(proof.level);
  out["at"] = print_time(proof.at);
  out["seconds"] = proof.took.seconds;
  out["passed"] = proof.passed();
  out["problem"] = proof.error ? Json(proof.error->message) : Json();
  out["volumes"] = Json::array();
  for (const VolumeProof& volume : proof.volumes) {
    out["volumes"].push_back({{"name", volume.name},
                              {"passed", !volume.error},
                              {"files", volume.files},
                              {"problem", volume.error ? Json(volume.error->message) : Json()}});
  }
  return out;
}

Json pruned_json(const Pruned& pruned) {
  Json out;
  out["schema"] = "obsctl.backup.prune/v1";
  out["dry_run"] = pruned.dry_run;
  out["removed"] = pruned.removed();
  out["kept"] = pruned.kept();
  out["sets"] = Json::array();
  for (const Verdict& verdict : pruned.verdicts) {
    out["sets"].push_back({{"id", verdict.id}, {"keep", verdict.keep}, {"reason", verdict.reason}});
  }
  return out;
}

Json restore_plan_json(const RestorePlan& plan) {
  Json out;
  out["schema"] = "obsctl.restore.plan/v1";
  out["set"] = plan.set;
  out["target"] = plan.target.string();
  out["bytes"] = plan.bytes;
  out["estimate_seconds"] = plan.estimate ? Json(plan.estimate->seconds) : Json();
  out["volumes"] = Json::array();
  for (const RestoreItem& item : plan.items) {
    out["volumes"].push_back({{"name", item.volume},
                              {"to", item.place.string()},
                              {"bytes", item.bytes},
                              {"replaces", item.occupied},
                              {"files", item.files}});
  }
  return out;
}

Json restored_json(const RestorePlan& plan, const Restored& restored) {
  Json out = restore_plan_json(plan);
  out["schema"] = "obsctl.restore/v1";
  out["id"] = restored.id;
  out["seconds"] = restored.took.seconds;
  out["entries"] = restored.entries;
  out["places"] = places_json(restored.places);
  out["safety_copies"] = places_json(restored.safety_copies);
  out["problems"] = restored.problems;
  return out;
}

}  // namespace obsctl::backup
