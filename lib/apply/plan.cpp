// SPDX-License-Identifier: Apache-2.0
// Decides per file; see the table in plan.hpp.
#include "lib/apply/plan.hpp"

#include <algorithm>

#include "lib/apply/merge.hpp"

namespace obsctl::apply {
namespace {

constexpr std::string_view k_new = ".new";

// What a merge makes of an edited file; nothing when a person has to.
std::optional<std::string> merged(const std::string& path, const Version& base,
                                  const std::string& mine, const GeneratedFile& wanted) {
  if (!base.text) {
    return std::nullopt;
  }
  GeneratedFile out = wanted;
  auto text = merge_texts(*base.text, mine, wanted.bytes);
  if (!text) {
    return std::nullopt;
  }
  out.bytes = std::move(*text);
  return validate_content(path, out) ? std::optional(std::move(out.bytes)) : std::nullopt;
}

class Planner {
 public:
  Planner(const FileTree& wanted, const DiskState& disk, const Manifest& last, bool force)
      : wanted_(wanted), disk_(disk), last_(last), force_(force) {}

  Plan run() {
    for (const auto& [path, file] : wanted_) {
      plan_wanted(path, file);
    }
    for (const auto& [path, entry] : last_.files) {
      if (!wanted_.contains(path)) {
        plan_unwanted(path, entry);
      }
    }
    std::ranges::sort(plan_.changes, {}, &Change::path);
    return std::move(plan_);
  }

 private:
  void add(const std::string& path, Action action, std::string reason = {}) {
    plan_.changes.push_back({.path = path, .action = action, .reason = std::move(reason)});
  }

  void write(const std::string& path, Action action, const GeneratedFile& file,
             std::string reason = {}) {
    plan_.files[path] = file;
    add(path, action, std::move(reason));
  }

  [[nodiscard]] const DiskFile* on_disk(const std::string& path) const {
    const auto it = disk_.find(path);
    return it == disk_.end() ? nullptr : &it->second;
  }

  [[nodiscard]] const ManifestEntry* listed(const std::string& path) const {
    const auto it = last_.files.find(path);
    return it == last_.files.end() ? nullptr : &it->second;
  }

  void remember(const std::string& path, const ManifestEntry& entry) {
    plan_.next.files[path] = entry;
  }

  // The file is, or becomes, what is wanted.
  void settle(const std::string& path, const GeneratedFile& wanted) {
    remember(path, entry_of(wanted));
    take_back(path);
  }

  // A version that lies beside a file is not needed any more.
  void take_back(const std::string& path) {
    const ManifestEntry* entry = listed(path);
    const DiskFile* offer = on_disk(beside(path));
    if (entry != nullptr && entry->offered && offer != nullptr && !offer->directory &&
        entry->offered->is(offer->bytes)) {
      add(beside(path), Action::remove, "no longer needed");
    }
  }

  void plan_wanted(const std::string& path, const GeneratedFile& wanted) {
    const DiskFile* disk = on_disk(path);
    if (disk == nullptr) {
      write(path, Action::create, wanted,
            listed(path) != nullptr ? "was generated before and is missing" : "");
      settle(path, wanted);
    } else if (disk->directory) {
      block(path, "a directory is in its place; move it away, then run this again");
    } else if (wanted.secret) {
      plan_secret(path, wanted, *disk);
    } else if (wanted.own) {
      add(path, Action::keep, "yours");
      remember(path, listed(path) != nullptr ? *listed(path) : entry_of(wanted));
    } else if (disk->bytes == wanted.bytes) {
      if (disk->mode == wanted.mode) {
        add(path, Action::unchanged);
      } else {
        write(path, Action::update, wanted, "permissions only");
      }
      settle(path, wanted);
    } else if (force_ || wanted.replaces || known(path).base.is(disk->bytes)) {
      write(path, Action::update, wanted);
      settle(path, wanted);
    } else {
      plan_edited(path, wanted, *disk);
    }
  }

  void plan_secret(const std::string& path, const GeneratedFile& wanted, const DiskFile& disk) {
    if (wanted.replaces) {
      write(path, Action::update, wanted, "renewed");
    } else if ((disk.mode & ~wanted.mode) != 0) {
      write(path, Action::update, wanted, "permissions only");
    } else {
      add(path, Action::keep, "secret");
    }
    remember(path, entry_of(wanted));
  }

  // What is known of a file, once a FILE.new that is gone counts as answered.
  [[nodiscard]] ManifestEntry known(const std::string& path) const {
    const ManifestEntry* entry = listed(path);
    if (entry == nullptr || entry->secret) {
      return {};
    }
    ManifestEntry out = *entry;
    if (out.offered && on_disk(beside(path)) == nullptr) {
      out.base = *std::exchange(out.offered, std::nullopt);
    }
    return out;
  }

  void plan_edited(const std::string& path, const GeneratedFile& wanted, const DiskFile& disk) {
    const ManifestEntry entry = known(path);
    if (entry.base.is(wanted.bytes)) {
      add(path, Action::keep, "edited");
      settle(path, wanted);
      return;
    }
    const auto text = merged(path, entry.base, disk.bytes, wanted);
    if (!text) {
      offer(path, wanted, entry);
      return;
    }
    if (*text == disk.bytes) {
      add(path, Action::keep, "edited");
    } else {
      GeneratedFile file = wanted;
      file.bytes = *text;
      write(path, Action::merge, file, "your edits and the new version");
    }
    settle(path, wanted);
  }

  // Puts the new version beside a file that a person has to look after.
  void offer(const std::string& path, const GeneratedFile& wanted, ManifestEntry entry) {
    const std::string place = beside(path);
    const DiskFile* there = on_disk(place);
    const bool ours =
        there != nullptr && !there->directory &&
        (there->bytes == wanted.bytes || (entry.offered && entry.offered->is(there->bytes)));
    if (there != nullptr && !ours && !entry.offered) {
      block(path, place + " is in the way; move it away, then run this again");
      return;
    }
    add(path, Action::keep, "edited");
    if (there != nullptr && !ours) {
      add(place, Action::wait, "it was edited and stays; a newer version comes when it is gone");
    } else if (there != nullptr && there->bytes == wanted.bytes) {
      add(place, Action::wait, "take over what you need, then delete it");
      entry.offered = version_of(wanted);
    } else {
      write(place, Action::beside, wanted, why_beside(path, entry));
      entry.offered = version_of(wanted);
    }
    entry.mode = wanted.mode;
    remember(path, entry);
  }

  [[nodiscard]] std::string why_beside(const std::string& path, const ManifestEntry& entry) const {
    if (listed(path) == nullptr || entry.base.sha256.empty()) {
      return "the file there was not generated by obsctl";
    }
    return entry.base.text ? "you and the new version changed the same lines"
                           : "edited; what obsctl wrote there before is not known";
  }

  // Nothing is written; what is known stays.
  void block(const std::string& path, std::string why) {
    add(path, Action::conflict, std::move(why));
    if (const ManifestEntry* entry = listed(path)) {
      remember(path, *entry);
    }
  }

  void plan_unwanted(const std::string& path, const ManifestEntry& entry) {
    const DiskFile* disk = on_disk(path);
    if (disk != nullptr && entry.secret) {
      add(path, Action::keep, "secret that is not used now");
      remember(path, entry);
      return;
    }
    take_back(path);
    if (disk == nullptr || disk->directory) {
      return;  // it is gone, or what is there is the person's
    }
    if (force_ || known(path).base.is(disk->bytes)) {
      add(path, Action::remove, "no longer part of the stack");
    } else {
      add(path, Action::release, "no longer part of the stack; it was edited and is yours now");
    }
  }

  const FileTree& wanted_;
  const DiskState& disk_;
  const Manifest& last_;
  bool force_;
  Plan plan_;
};

}  // namespace

std::string_view action_name(Action action) {
  switch (action) {
    case Action::create: return "create";
    case Action::update: return "update";
    case Action::merge: return "merge";
    case Action::beside: return "beside";
    case Action::remove: return "remove";
    case Action::conflict: return "conflict";
    case Action::release: return "release";
    case Action::wait: return "wait";
    case Action::unchanged: return "unchanged";
    case Action::keep: return "keep";
  }
  return "unchanged";
}

bool writes(Action action) {
  return action == Action::create || action == Action::update || action == Action::merge ||
         action == Action::beside;
}

std::size_t Plan::count(Action action) const {
  return static_cast<std::size_t>(std::ranges::count(changes, action, &Change::action));
}

bool Plan::changes_something() const {
  return std::ranges::any_of(changes, [](const Change& change) {
    return writes(change.action) || change.action == Action::remove;
  });
}

std::string beside(const std::string& path) {
  return path + std::string(k_new);
}

std::string beside_of(const std::string& path) {
  return path.ends_with(k_new) ? path.substr(0, path.size() - k_new.size()) : std::string();
}

Plan make_plan(const FileTree& wanted, const DiskState& disk, const std::optional<Manifest>& last,
               bool force) {
  return Planner(wanted, disk, last.value_or(Manifest()), force).run();
}

}  // namespace obsctl::apply
