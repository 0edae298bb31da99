// SPDX-License-Identifier: Apache-2.0
// Parses versions.yaml.
#include "lib/catalog/versions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "lib/catalog/component_files.hpp"
#include "lib/catalog/strict_reader.hpp"

namespace obsctl::catalog {
namespace {

const std::map<std::string, ChangeKind> k_kinds = {{"metric", ChangeKind::metric},
                                                   {"key", ChangeKind::key},
                                                   {"default", ChangeKind::standard},
                                                   {"removed", ChangeKind::removed},
                                                   {"behaviour", ChangeKind::behaviour}};

// The number before the first dot, which is taken off.
int next_number(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('.'));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  int out = 0;
  std::from_chars(part.data(), part.data() + part.size(), out);
  return out;
}

class Reader : StrictReader {
 public:
  Result<std::vector<VersionChange>> read(const yaml::Node& root) {
    known(root, {"changes"});
    std::vector<VersionChange> out;
    each_item(root, "changes", [&](const yaml::Node& row) {
      out.push_back(change(row));
      if (out.size() > 1 && compare_versions(out[out.size() - 2].version, out.back().version) < 0) {
        problems_.add(row.at, fmt::format("{} stands below an older version", out.back().version),
                      "the newest comes first");
      }
    });
    OBS_TRY(problems_.done());
    return out;
  }

 private:
  VersionChange change(const yaml::Node& row) {
    known(row, {"version", "kind", "was", "now", "says", "source"});
    VersionChange out;
    out.version = required(row, "version");
    const std::string kind = required(row, "kind");
    if (!kind.empty()) {
      out.kind = choice(row.at, "kind", kind, k_kinds).value_or(out.kind);
    }
    out.was = optional(row, "was");
    out.now = optional(row, "now");
    if (out.was.empty() && out.now.empty()) {
      problems_.add(row.at, "a change has an old or a new form", "'was', 'now' or both");
    }
    out.says = required(row, "says");
    out.source = required(row, "source");
    return out;
  }
};

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const int left = next_number(a);
    const int right = next_number(b);
    if (left != right) {
      return left < right ? -1 : 1;
    }
  }
  return 0;
}

Result<std::vector<VersionChange>> parse_version_changes(std::string_view text,
                                                         const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  return Reader().read(root);
}

Result<VersionChanges> version_changes() {
  VersionChanges out;
  for (const auto& file : component_files("versions.yaml")) {
    OBS_TRY_ASSIGN(out[file.component], parse_version_changes(file.bytes, file.path));
  }
  return out;
}

std::vector<VersionChange> changes_between(const std::vector<VersionChange>& changes,
                                           std::string_view from, std::string_view to) {
  std::vector<VersionChange> out;
  std::ranges::copy_if(changes, std::back_inserter(out), [&](const VersionChange& change) {
    return compare_versions(from, change.version) < 0 && compare_versions(change.version, to) <= 0;
  });
  return out;
}

}  // namespace obsctl::catalog
