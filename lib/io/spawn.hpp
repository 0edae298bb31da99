// SPDX-License-Identifier: Apache-2.0
// Starting a program in a process group of its own, with pipes to its three streams.
#pragma once

#include <sys/types.h>

#include "lib/io/fd.hpp"
#include "lib/io/process.hpp"

namespace obsctl {

// A running program. The pipes do not block; `in` is closed when it reads a file or nothing.
struct Child {
  pid_t pid = 0;
  Fd in;
  Fd out;
  Fd err;
};

// Errors: Code::missing when there is no such program.
[[nodiscard]] Result<Child> spawn(const ProcessRequest& request);

}  // namespace obsctl
