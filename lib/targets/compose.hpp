// SPDX-License-Identifier: Apache-2.0
// The target Docker Compose: one host, one container per component.
#pragma once

#include "lib/targets/target.hpp"

namespace obsctl::compose {

inline constexpr auto k_file = "docker-compose.yml";

[[nodiscard]] const Target& target();

// deploy.resources.limits of every service of the compose file in a directory.
[[nodiscard]] Result<ContainerLimits> read_limits(const FileSystem& files,
                                                  const std::filesystem::path& directory);

}  // namespace obsctl::compose
