// Topology → docker-compose.yml: packaging only, the component configs are rendered elsewhere.
#pragma once

#include "lib/base/error.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// Adds the compose file to `tree`, which holds the configs already: each service is labelled with a
// hash of those it mounts. `values` are the stack's (values.hpp). Errors: a broken template.
[[nodiscard]] Result<void> add_compose(FileTree& tree, const Topology& topology,
                                       const Values& values, const TemplateStore& store);

}  // namespace obsctl
