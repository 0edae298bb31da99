// SPDX-License-Identifier: Apache-2.0
// The files of one name in the folders of the built-in components.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace obsctl::catalog {

struct ComponentFile {
  std::string component;
  std::string path;  // in the source tree, for errors
  std::string_view bytes;
};

// `name` is that of the file: "component.yaml". By component.
[[nodiscard]] std::vector<ComponentFile> component_files(std::string_view name);

}  // namespace obsctl::catalog
