// SPDX-License-Identifier: Apache-2.0
// What watches the stack, as generated files: rules with their tests, and dashboards.
#pragma once

#include "lib/base/error.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/render/watch.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// Adds rule files with their tests and the dashboards to the components that take them. `watch` is
// what read_watch() gives for the same topology.
void add_observability(FileTree& tree, const Topology& topology, const Words& words,
                       const Watch& watch);

}  // namespace obsctl
