// SPDX-License-Identifier: Apache-2.0
// What of a stack is the same in every packaging: the configurations of its components, what
// watches it, and its secrets.
#pragma once

#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/alerts.hpp"
#include "lib/io/random.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/render/words.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

struct Rendered {
  FileTree tree;
  Values values;                           // of the stack and its components, for the packaging
  std::vector<catalog::AlertRule> alerts;  // filled in, for the runbook
};

// Adds a template of the store, filled in, at `path`. Errors: there is no such template, a broken
// one.
[[nodiscard]] Result<void> add_file(FileTree& tree, const TemplateStore& store,
                                    const std::string& source, const std::string& path,
                                    const Values& values);

// The files that do not depend on the packaging; a target adds its own (lib/targets). Secrets are
// drawn from `random` and marked `secret`, so that writing the tree keeps the ones that exist. The
// files obsctl.yaml and of TLS are the caller's. Errors: a broken template or catalog
// row, with its position.
[[nodiscard]] Result<Rendered> render_stack(const Topology& topology, const TemplateStore& store,
                                            const Words& words, Random& random);

}  // namespace obsctl
