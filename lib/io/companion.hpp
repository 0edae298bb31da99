// SPDX-License-Identifier: Apache-2.0
// A second process of this program that learns when the first one has ended, however it ended: its
// standard input ends then. It is in a process group of its own, so that Ctrl-C does not reach it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/error.hpp"

namespace obsctl {

// Held as long as the companion is to wait; letting go ends its input and waits for its end when it
// has nothing to do (a second at most).
class Companion {
 public:
  virtual ~Companion() = default;
};

// Starts this program with these arguments.
[[nodiscard]] Result<std::unique_ptr<Companion>> start_companion(
    const std::vector<std::string>& arguments);

// In the companion: returns when the process that started it has ended or let go of it. The signals
// that end a program politely are ignored from here on: what it is there for has to be done.
[[nodiscard]] Result<void> wait_for_parent();

}  // namespace obsctl
