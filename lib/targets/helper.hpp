// SPDX-License-Identifier: Apache-2.0
// What several packagings need: a comment about a component, and the small image for jobs and
// probes beside the components.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "lib/base/error.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/model/topology.hpp"
#include "lib/template/template.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl {

struct Helper {
  std::string image;  // "repository:version", with its digest where that is known
  std::string version;
};

// From shared/helpers.yaml.
[[nodiscard]] Result<Helper> find_helper(const TemplateStore& store, const Topology& topology);

// A generated file read back, or nothing where there is none. Its errors name it as the stack does.
[[nodiscard]] Result<std::optional<yaml::Node>> read_generated(
    const FileSystem& files, const std::filesystem::path& directory, const std::string& name);

// What the component is and why something about it is unusual, as lines of that width.
[[nodiscard]] Values comment_lines(const Component& component, std::size_t width);

}  // namespace obsctl
