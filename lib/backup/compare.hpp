// SPDX-License-Identifier: Apache-2.0
// Holds a restored directory against the index it was restored from: the last proof before it takes
// the place of what was there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/archive/read.hpp"
#include "lib/io/fd.hpp"

namespace obsctl::backup {

struct CompareOptions {
  // Paths in the archive that were restored; empty: all.
  std::vector<std::string> selection = {};
  bool owner = true;   // was restored too
  bool xattrs = true;  // likewise
};

// Reads everything below `root`. The number of entries that are equal. Errors (Code::integrity) name
// the first path that is missing, too many or different.
[[nodiscard]] Result<std::uint64_t> compare_tree(Fd root, const std::vector<archive::Entry>& index,
                                                 const CompareOptions& options,
                                                 const archive::Progress& progress);

}  // namespace obsctl::backup
