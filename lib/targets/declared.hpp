// SPDX-License-Identifier: Apache-2.0
// The limits that generated files carry, read back: what a person edited is what the stack does.
#pragma once

#include <filesystem>

#include "lib/catalog/components.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/sizing/check.hpp"
#include "lib/targets/target.hpp"

namespace obsctl {

// What the components declare (`declares` of component.yaml) and the limits of the containers, as
// far as the files are below `directory`. Errors: a file that is not valid YAML, a limit that the
// target cannot read.
[[nodiscard]] Result<sizing::DeclaredLimits> read_declared(const Target& target,
                                                           const FileSystem& files,
                                                           const std::filesystem::path& directory,
                                                           const catalog::Components& components);

}  // namespace obsctl
