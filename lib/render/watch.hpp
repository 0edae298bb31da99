// SPDX-License-Identifier: Apache-2.0
// What watches this stack: the rows of the components it has and of the stack as a whole, filled
// in.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/catalog/dashboards.hpp"
#include "lib/catalog/health.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/sources.hpp"
#include "lib/render/words.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

struct Watch {
  std::vector<catalog::AlertRule> alerts;
  std::vector<catalog::RecordingRule> records;
  std::vector<catalog::Dashboard> dashboards;
  std::vector<catalog::HealthCheck> checks;  // those of every component once for each
  std::set<std::string> check_ids;           // also of checks that this stack does not need
  std::vector<WatchSource> sources;          // in their order; fragments are not filled in
  Values values;                             // what the rows were filled in with
};

// Reads components/<name>/{alerts,recording,dashboard,datasource,health}.yaml of every component of the
// topology, catalog/{alerts,recording,dashboards,health}/*.yaml and catalog/every_health.yaml, from the store's directories as well
// as the embedded ones. Rows and panels that this stack does not need are left out: their component
// is missing or their `when` is off. Values of rows are those of words.hpp, for every component
// `NAME.memory_bytes`, `NAME.cpus`, `NAME.disk_bytes` and its settings, and what watch.cpp adds.
// Errors: a broken template or row, with its position.
[[nodiscard]] Result<Watch> read_watch(const Topology& topology, const TemplateStore& store,
                                       const Words& words);

}  // namespace obsctl
