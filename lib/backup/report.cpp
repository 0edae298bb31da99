// SPDX-License-Identifier: Apache-2.0
// Backups as text for people.
#include "lib/backup/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"
#include "lib/ui/style.hpp"
#include "lib/ui/table.hpp"

namespace obsctl::backup {
namespace {

constexpr std::size_t k_shown_warnings = 5;

std::string bytes_text(std::uint64_t bytes) {
  return human_bytes({static_cast<double>(bytes)});
}

// In whole seconds, as the manifest has them.
Duration age_of(Time at, Time now) {
  return {std::floor(std::chrono::duration<double>(now - at).count())};
}

std::string age_text(Time at, Time now) {
  const Duration age = age_of(at, now);
  return age.seconds < 0 ? "future" : human_duration({std::max(age.seconds, 1.0)});
}

// "3 h ago"; a set from the future has no age.
std::string ago(Time at, Time now) {
  return age_of(at, now).seconds < 0 ? "in the future" : age_text(at, now) + " ago";
}

// Of a forecast, which is not known to the millisecond.
std::string about(Duration duration) {
  return "about " + human_duration({std::ceil(duration.seconds)});
}

std::string status_text(const StoredSet& set) {
  if (set.problem) {
    return "damaged";
  }
  if (set.failed_verification()) {
    return "damaged";
  }
  return std::string(name_of(set.manifest.status)) + (set.marks.pinned ? ", pinned" : "");
}

std::string verified_text(const StoredSet& set, Time now) {
  if (set.failed_verification()) {
    return fmt::format("failed {}", ago(set.marks.verified->at, now));
  }
  return set.verified() ? fmt::format("{} ({})", ago(set.marks.verified->at, now),
                                      name_of(set.marks.verified->level))
                        : "no";
}

std::string restore_text(const StoredSet& set) {
  return set.marks.restored ? human_duration(set.marks.restored->took) : "";
}

// "ok" or "MISSED" of a goal, with its words.
std::string goal(std::string_view name, const std::string& is, bool met, Duration limit,
                 bool color) {
  return fmt::format("{}  {}, {} {}\n", name, is,
                     met ? "within" : style(Style::red, "more than", color), human_duration(limit));
}

std::string rpo_text(const Listing& listing, bool color) {
  const auto newest = std::ranges::find_if(listing.sets, &StoredSet::latest);
  if (newest == listing.sets.end()) {
    return fmt::format("RPO  {}\n", style(Style::red, "no set is complete and verified", color));
  }
  const Duration age = age_of(newest->manifest.started, listing.now);
  return goal(
      "RPO",
      fmt::format("the last good set is {} old", age_text(newest->manifest.started, listing.now)),
      age.seconds <= listing.goals.rpo.seconds, listing.goals.rpo, color);
}

const StoredSet* last_restored(const std::vector<StoredSet>& sets) {
  const StoredSet* out = nullptr;
  for (const StoredSet& set : sets) {
    if (set.marks.restored &&
        (out == nullptr || set.marks.restored->at > out->marks.restored->at)) {
      out = &set;
    }
  }
  return out;
}

std::string rto_text(const Listing& listing, bool color) {
  const StoredSet* set = last_restored(listing.sets);
  if (set == nullptr) {
    return "RTO  no restore was measured yet\n";
  }
  const Restoration& last = *set->marks.restored;
  return goal("RTO",
              fmt::format("the last restore took {} for {}", human_duration(last.took),
                          bytes_text(last.bytes)),
              last.took <= listing.goals.rto, listing.goals.rto, color);
}

std::string warnings_text(const std::vector<std::string>& warnings, std::string_view indent) {
  std::string out;
  for (std::size_t i = 0; i < std::min(warnings.size(), k_shown_warnings); ++i) {
    out += fmt::format("{}! {}\n", indent, warnings[i]);
  }
  if (warnings.size() > k_shown_warnings) {
    out += fmt::format("{}! and {} more\n", indent, warnings.size() - k_shown_warnings);
  }
  return out;
}

std::string files_text(const FileLists& files) {
  std::string out;
  for (const auto& [volume, entries] : files) {
    for (const archive::Entry& entry : entries) {
      out += printable(fmt::format("{:>12}  {}  {}{}", entry.size, entry.sha256.substr(0, 12),
                                   volume, entry.path.substr(archive::k_top.size()))) +
             "\n";
    }
  }
  return out;
}

}  // namespace

std::string list_text(const Listing& listing, bool color) {
  if (listing.sets.empty()) {
    return fmt::format("'{}' has no set yet.\n", listing.repository.string());
  }
  Table table{{{"SET"},
               {"AGE", Align::right},
               {"STATUS"},
               {"DATA", Align::right},
               {"STORED", Align::right},
               {"VERIFIED"},
               {"RESTORE", Align::right}},
              {}};
  for (const StoredSet& set : listing.sets) {
    if (set.problem) {
      table.add({set.id, "", style(Style::red, "damaged", color), "", "", set.problem->message});
      continue;
    }
    table.add({set.id, age_text(set.manifest.started, listing.now), status_text(set),
               bytes_text(set.manifest.bytes()), bytes_text(set.manifest.stored_bytes()),
               verified_text(set, listing.now), restore_text(set)});
  }
  std::string out =
      rpo_text(listing, color) + rto_text(listing, color) + "\n" + render_text(table, color);
  for (const Journal& journal : listing.restores) {
    const std::string target = printable(journal.target.string());
    out += fmt::format(
        "! a restore of {} into '{}' has not ended\n"
        "  if it does not run: obsctl restore --to {} with --resume or --rollback\n",
        journal.set, target, shell_quoted(target));
  }
  return out;
}

std::string show_text(const StoredSet& set, const FileLists& files, Time now, bool color) {
  if (!files.empty()) {
    return files_text(files);
  }
  const Manifest& manifest = set.manifest;
  std::string out = fmt::format(
      "{}  {}\n  made      {} on {} by obsctl {}, in {}\n  verified  {}\n", set.id,
      status_text(set), print_time(manifest.started), manifest.host, manifest.version,
      human_duration(age_of(manifest.started, manifest.finished)), verified_text(set, now));
  if (set.marks.restored) {
    out +=
        fmt::format("  restored  {}, in {}\n", ago(set.marks.restored->at, now), restore_text(set));
  }
  out += warnings_text(manifest.warnings, "  ") + "\n";
  Table table{{{"VOLUME"},
               {"FROM"},
               {"COPIED"},
               {"ENTRIES", Align::right},
               {"DATA", Align::right},
               {"STORED", Align::right}},
              {}};
  for (const VolumeRecord& volume : manifest.volumes) {
    table.add({volume.name, volume.path, std::string(name_of(volume.consistency)),
               std::to_string(volume.entries), bytes_text(volume.bytes),
               bytes_text(volume.blob.bytes + volume.index.bytes)});
  }
  out += render_text(table, color);
  for (const VolumeRecord& volume : manifest.volumes) {
    out += warnings_text(volume.warnings, fmt::format("{}: ", volume.name));
  }
  return out;
}

std::string plan_text(const CreatePlan& plan) {
  Table table{{{"VOLUME"}, {"FROM"}, {"DATA", Align::right}}, {}};
  for (const auto& volume : plan.volumes) {
    table.add({volume.name, volume.path, volume.bytes ? bytes_text(*volume.bytes) : "unknown"});
  }
  return render_text(table) +
         fmt::format("\nabout {} will be stored{}; {} are free\n", bytes_text(plan.needed),
                     plan.previous.empty() ? " at least" : ", judged by " + plan.previous,
                     bytes_text(plan.available));
}

std::string created_text(const Created& created) {
  const Manifest& manifest = created.set.manifest;
  std::string out = fmt::format("{}  {}: {} volume{}, {} of data in {}, verified ({}) in {}\n",
                                created.set.id, name_of(manifest.status), manifest.volumes.size(),
                                manifest.volumes.size() == 1 ? "" : "s",
                                bytes_text(manifest.bytes()), bytes_text(manifest.stored_bytes()),
                                name_of(created.proof.level), human_duration(created.proof.took));
  out += warnings_text(manifest.warnings, "  ");
  for (const VolumeRecord& volume : manifest.volumes) {
    out += warnings_text(volume.warnings, fmt::format("  {}: ", volume.name));
  }
  if (created.pruned) {
    out += fmt::format("  {} old set{} removed, {} kept\n", created.pruned->removed(),
                       created.pruned->removed() == 1 ? "" : "s", created.pruned->kept());
  }
  return out;
}

std::string proof_text(const SetProof& proof) {
  std::string out = fmt::format("{}  {} ({}, {})\n", proof.id, proof.passed() ? "passed" : "failed",
                                name_of(proof.level), human_duration(proof.took));
  for (const VolumeProof& volume : proof.volumes) {
    out += volume.error                 ? fmt::format("  {}  damaged\n", volume.name)
           : proof.level == Level::full ? fmt::format("  {}  {} file{} compared\n", volume.name,
                                                      volume.files, volume.files == 1 ? "" : "s")
                                        : fmt::format("  {}  whole\n", volume.name);
  }
  return out;
}

std::string pruned_text(const Pruned& pruned) {
  Table table{{{"SET"}, {"ACTION"}, {"WHY"}}, {}};
  for (const Verdict& verdict : pruned.verdicts) {
    table.add({verdict.id, verdict.keep ? "keep" : "remove", verdict.reason});
  }
  return (pruned.verdicts.empty() ? "" : render_text(table) + "\n") +
         fmt::format("{} {}, {} kept\n", pruned.removed(),
                     pruned.dry_run ? "would be removed" : "removed", pruned.kept());
}

std::string restore_plan_text(const RestorePlan& plan) {
  std::string out = fmt::format("restore {} of {} into '{}'", plan.set, print_time(plan.from),
                                plan.target.string());
  out += plan.estimate ? fmt::format(", {}\n", about(*plan.estimate)) : "\n";
  Table table{{{"VOLUME"}, {"TO"}, {"DATA", Align::right}, {""}}, {}};
  for (const RestoreItem& item : plan.items) {
    table.add({item.volume, item.place.string(),
               item.files.empty()
                   ? bytes_text(item.bytes)
                   : fmt::format("{} path{}", item.files.size(), item.files.size() == 1 ? "" : "s"),
               item.occupied ? "what is there is kept beside it" : "new"});
  }
  return out + render_text(table, false, 2) + warnings_text(plan.warnings, "  ");
}

std::string restored_text(const RestorePlan& plan, const Restored& restored) {
  std::string out = fmt::format("restored {} in {}, {} entries compared with the index\n", plan.set,
                                human_duration(restored.took), restored.entries);
  for (const auto& place : restored.places) {
    out += fmt::format("  {}\n", place.string());
  }
  for (const auto& copy : restored.safety_copies) {
    out += fmt::format("  {}  what was there before; remove it when it is no longer needed\n",
                       copy.string());
  }
  return out + warnings_text(restored.problems, "  ");
}

}  // namespace obsctl::backup
