// SPDX-License-Identifier: Apache-2.0
// A pipe between two threads: one has bytes when it has them, the other wants them when it wants.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "lib/base/error.hpp"
#include "lib/io/fd.hpp"

namespace obsctl::protect {

struct Pipe {
  Fd read;
  Fd write;
};

[[nodiscard]] Result<Pipe> make_pipe();

// Waits while the pipe is full. Errors: nobody reads any more.
[[nodiscard]] Result<void> write_all(int fd, std::string_view bytes);

// Waits for bytes and returns how many; 0 when the other end was closed.
[[nodiscard]] Result<std::size_t> read_some(int fd, std::span<char> into);

}  // namespace obsctl::protect
