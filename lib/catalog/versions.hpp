// SPDX-License-Identifier: Apache-2.0
// What changed between the versions of a component, from templates/components/<name>/versions.yaml:
// names of metrics, keys and defaults that a stack, a rule or a person relies on.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl::catalog {

enum class ChangeKind { metric, key, standard, removed, behaviour };

// `was` is empty for something new, `now` for something that is gone.
struct VersionChange {
  std::string version;  // the first one with the change: "0.149.0"
  ChangeKind kind = ChangeKind::behaviour;
  std::string was;
  std::string now;
  std::string says;    // what it means for a stack, a sentence
  std::string source;  // pull request or release notes
};

// Less than, equal to or greater than 0, as a is older than, the same as or newer than b. Numbers
// between dots count; a part that is missing is 0.
[[nodiscard]] int compare_versions(std::string_view a, std::string_view b);

// Newest first. The error holds every mistake of the file.
[[nodiscard]] Result<std::vector<VersionChange>> parse_version_changes(std::string_view text,
                                                                       const std::string& file);

// Those of the embedded templates, by component.
using VersionChanges = std::map<std::string, std::vector<VersionChange>>;
[[nodiscard]] Result<VersionChanges> version_changes();

// What one meets on the way from one version to another: later than `from`, up to `to`.
[[nodiscard]] std::vector<VersionChange> changes_between(const std::vector<VersionChange>& changes,
                                                         std::string_view from,
                                                         std::string_view to);

}  // namespace obsctl::catalog
