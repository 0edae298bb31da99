// SPDX-License-Identifier: Apache-2.0
// The plan: what would happen to every file, as a pure function of what is wanted, what is on disk
// and what obsctl wrote the last time (the base). `--dry-run` prints it, `--diff` shows it,
// StackDirectory executes it.
//
//   wanted   on disk                                action
//   yes      nothing                                create
//   yes      the same bytes                         unchanged (update when only the mode differs)
//   yes      the base                               update
//   yes      edited; wanted is the base             keep      (only the person has changed it)
//   yes      edited; wanted is new as well          merge     (the changes do not touch, and the
//                                                             outcome is valid)
//                                                   beside    (else: the new version is FILE.new)
//   yes      not the base, which is not known       beside    (made by somebody else, or edited
//                                                             since obsctl 0.1.0, which kept none)
//   yes      a directory, or a FILE.new of          conflict  (nothing is written there)
//            somebody else where one is due
//   replaces anything                               update    (obsctl.yaml, whose edits were merged
//                                                             by key; a renewed certificate)
//   own      something                              keep      (written once, then the person's)
//   secret   something                              keep      (its mode is narrowed when too wide)
//   no       the base                               remove
//   no       edited                                 release   (the person's from now on)
//   no       a secret of the manifest               keep      (it may be needed again)
//
// Force: what is edited or somebody else's is updated or removed; not what is the person's own, and
// not secrets.
//
// While FILE.new lies there (wait), the base stays what it was. A person takes over into FILE what
// they want of it and deletes it (or moves it over FILE): then what it offered is the base, so that
// it is not offered again and the next merge starts from it. obsctl removes a FILE.new that is not
// needed any more, unless it was edited.
//
// Files that are neither wanted nor in the manifest do not appear: they are the user's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/apply/manifest.hpp"
#include "lib/render/file_tree.hpp"

namespace obsctl::apply {

enum class Action {
  create,
  update,
  merge,
  beside,
  remove,
  conflict,
  release,
  wait,
  unchanged,
  keep
};

inline constexpr Action k_actions[] = {
    Action::create,   Action::update,  Action::merge, Action::beside,    Action::remove,
    Action::conflict, Action::release, Action::wait,  Action::unchanged, Action::keep};

[[nodiscard]] std::string_view action_name(Action action);

// True for an action that writes the file of its row.
[[nodiscard]] bool writes(Action action);

struct Change {
  std::string path;  // with Action::beside and wait: of FILE.new
  Action action = Action::unchanged;
  std::string reason = {};  // for what is not obvious

  bool operator==(const Change&) const = default;
};

struct Plan {
  std::vector<Change> changes;  // by path
  FileTree files;               // what is written, by path
  Manifest next;                // what is remembered when it is done, but for obsctl's version

  [[nodiscard]] std::size_t count(Action action) const;
  // True when executing the plan would change a file.
  [[nodiscard]] bool changes_something() const;
};

// What is at a path now. Absent paths are not in the map. The bytes of secrets are not read.
struct DiskFile {
  std::string bytes;
  FileMode mode = 0644;
  bool directory = false;
};
using DiskState = std::map<std::string, DiskFile>;

// FILE.new of FILE, and back (which is empty for any other path).
[[nodiscard]] std::string beside(const std::string& path);
[[nodiscard]] std::string beside_of(const std::string& path);

// `disk` covers the paths of `wanted` and of `last`, and what lies beside them.
[[nodiscard]] Plan make_plan(const FileTree& wanted, const DiskState& disk,
                             const std::optional<Manifest>& last, bool force);

}  // namespace obsctl::apply
