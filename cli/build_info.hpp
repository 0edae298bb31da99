// SPDX-License-Identifier: Apache-2.0
// Which source this program was built from; the values are written by the build
// (cmake/version.cmake), so that a new commit compiles one small file.
#pragma once

#include <string_view>

namespace obsctl::cli {

struct BuildInfo {
  std::string_view version;  // "0.1.0"
  std::string_view commit;   // abbreviated hash, empty when built without a repository
  bool dirty;                // the source had changes that no commit has
};

extern const BuildInfo k_build_info;

}  // namespace obsctl::cli
