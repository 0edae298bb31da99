// SPDX-License-Identifier: Apache-2.0
// Finds them among the embedded templates.
#include "lib/catalog/component_files.hpp"

#include "templates/embedded.hpp"

namespace obsctl::catalog {

std::vector<ComponentFile> component_files(std::string_view name) {
  constexpr std::string_view k_folder = "components/";
  std::vector<ComponentFile> out;
  for (const auto& file : embedded_files()) {
    if (!file.path.starts_with(k_folder)) {
      continue;
    }
    const std::string_view rest = file.path.substr(k_folder.size());
    const auto slash = rest.find('/');
    if (rest.substr(slash + 1) == name) {
      out.push_back(
          {std::string(rest.substr(0, slash)), "templates/" + std::string(file.path), file.bytes});
    }
  }
  return out;
}

}  // namespace obsctl::catalog
