// SPDX-License-Identifier: Apache-2.0
// Bytes that are too many for memory, piece by piece: what files, processes and HTTP pass to each
// other.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

#include "lib/base/error.hpp"

namespace obsctl {

// Fills the front of the buffer and returns how many bytes, 0 at the end. May block.
using ByteSource = std::function<Result<std::size_t>(std::span<char>)>;

// Takes the next bytes, of any number; an error ends the transfer and is its result.
using ByteSink = std::function<Result<void>(std::string_view)>;

// Bytes moved at a time: the capacity of a pipe.
inline constexpr std::size_t k_chunk = 64UL * 1024;

}  // namespace obsctl
