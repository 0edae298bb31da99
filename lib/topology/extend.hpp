// SPDX-License-Identifier: Apache-2.0
// Components of a person's own, and changed ones, from the directories of --template-dir.
#pragma once

#include "lib/sizing/catalogs.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// Reads components/<name>/{component,sizing,sizing.cluster}.yaml and the stack's list of the
// store's directories over the built-in ones. A new component joins a stack by its name in
// stack.add, or as a backend that it provides. The error holds every mistake: those of the files, a
// folder whose name cannot be a component's, and a component without a sizing.yaml.
[[nodiscard]] Result<void> add_components(sizing::Catalogs& catalogs, const TemplateStore& store);

}  // namespace obsctl
