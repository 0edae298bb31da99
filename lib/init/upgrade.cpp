// SPDX-License-Identifier: Apache-2.0
// Looks the moves of versions up in what the components' folders say about them.
#include "lib/init/upgrade.hpp"

#include <fmt/format.h>

#include "lib/catalog/versions.hpp"

namespace obsctl::init {
namespace {

// "--log.level; now runtime.log_level."
std::string what(const catalog::VersionChange& change) {
  if (change.was.empty()) {
    return change.now + " is new.";
  }
  return change.now.empty() ? change.was + " is gone."
                            : fmt::format("{}; now {}.", change.was, change.now);
}

}  // namespace

Versions versions_of(const Topology& topology) {
  Versions out;
  for (const auto& component : topology.components) {
    out[component.name] = component.version;
  }
  return out;
}

Result<std::vector<Note>> upgrade_notes(const Versions& before, const Topology& topology) {
  OBS_TRY_ASSIGN(const auto changes, catalog::version_changes());
  std::vector<Note> out;
  for (const auto& component : topology.components) {
    const auto from = before.find(component.name);
    const auto known = changes.find(component.name);
    if (from == before.end() || known == changes.end()) {
      continue;
    }
    for (const auto& change :
         catalog::changes_between(known->second, from->second, component.version)) {
      out.push_back({fmt::format("{} {} (was {}): {} {}", component.title, component.version,
                                 from->second, what(change), change.says)});
    }
  }
  return out;
}

}  // namespace obsctl::init
