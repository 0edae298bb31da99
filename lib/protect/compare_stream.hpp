// SPDX-License-Identifier: Apache-2.0
// Holds what the engine gives back of a volume against the index it was restored from: the engine
// takes a stream that ends early for a whole one, so only reading back proves it.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/archive/source.hpp"
#include "lib/base/error.hpp"

namespace obsctl::protect {

// The number of entries that are equal: all of them. Times are compared in whole seconds and extended
// attributes not at all, because the engine gives no more. Errors (Code::integrity) name the first
// path that is missing, too many or different; those of the source.
[[nodiscard]] Result<std::uint64_t> compare_stream(archive::TreeSource& source,
                                                   const std::vector<archive::Entry>& index);

}  // namespace obsctl::protect
