// SPDX-License-Identifier: Apache-2.0
// The runbook of one stack: its own addresses, limits, volumes and alerts, not a general manual.
#pragma once

#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// Adds OPERATIONS.md to `tree`, from the target's template at `path`. `values` are the stack's
// (values.hpp) and the target's own, `alerts` those of read_watch(). Errors: a broken template or
// alert row.
[[nodiscard]] Result<void> add_operations(FileTree& tree, const std::string& path,
                                          const Topology& topology, const Values& values,
                                          const TemplateStore& store,
                                          const std::vector<catalog::AlertRule>& alerts);

}  // namespace obsctl
