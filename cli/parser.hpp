// Turns words into the option values of one command.
#pragma once

#include <string>
#include <vector>

#include "commands/command.hpp"

namespace obsctl::cli {

enum class HelpRequest { none, brief, complete };

// Fills the targets of `command`'s flags and arguments and of `globals` from `words` (those after
// the command's name), then from environment variables. -h and --help win over every error in
// `words`.
[[nodiscard]] Result<HelpRequest> parse_command(const Command& command,
                                                const std::vector<Flag>& globals,
                                                const std::vector<std::string>& words,
                                                const Environment& environment, int& verbosity);

}  // namespace obsctl::cli
