// SPDX-License-Identifier: Apache-2.0
// Turns words into the option values of one command.
#pragma once

#include <string>
#include <vector>

#include "cli/route.hpp"
#include "commands/command.hpp"

namespace obsctl::cli {

enum class HelpRequest { none, brief, complete };

// Fills the targets of the flags and arguments of `route`'s command, and of `globals`, from the
// route's words, then from environment variables. -h and --help win over every error in the
// command's own words; the globals are filled all the same.
// Errors (Code::usage): an unknown option or argument, an option of another command of the same
// group, a value that its flag does not take, flags that exclude each other or lack one they need,
// a missing argument. A variable never conflicts with an explicit flag: the flag wins.
[[nodiscard]] Result<HelpRequest> parse_command(const Route& route,
                                                const std::vector<Flag>& globals,
                                                const Environment& environment);

}  // namespace obsctl::cli
