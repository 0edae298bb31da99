// SPDX-License-Identifier: Apache-2.0
// The plan: what would happen to every file, as a pure function of what is wanted, what is on disk
// and what obsctl wrote the last time. `--dry-run` prints it, `--diff` shows it, StackDirectory
// executes it.
//
//   wanted  on disk                              action
//   yes     nothing                              create
//   yes     the same bytes and mode              unchanged
//   yes     what the manifest says               update
//   yes     anything else                        conflict  (a person edited or made it;
//                                                          --force: update)
//   secret  something                            keep      (its mode is narrowed when too wide;
//                                                          a renewed certificate: update)
//   no      what the manifest says               remove
//   no      listed in the manifest but edited    conflict  (--force: remove)
//   no      a secret of the manifest             keep      (it may be needed again)
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

enum class Action { create, update, unchanged, keep, remove, conflict };

[[nodiscard]] std::string_view action_name(Action action);

struct Change {
  std::string path;
  Action action = Action::unchanged;
  std::string reason = {};  // for a conflict and for what is not obvious

  bool operator==(const Change&) const = default;
};

struct Plan {
  std::vector<Change> changes;  // by path

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

// `disk` covers the paths of `wanted` and of `last`.
[[nodiscard]] Plan make_plan(const FileTree& wanted, const DiskState& disk,
                             const std::optional<Manifest>& last, bool force);

}  // namespace obsctl::apply
