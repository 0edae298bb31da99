// SPDX-License-Identifier: Apache-2.0
// Finds the command that words mean: nested commands, the default one of a group, and the options
// that may stand in front of a name.
#pragma once

#include <string>
#include <vector>

#include "commands/command.hpp"

namespace obsctl::cli {

// From a top-level command to one of its commands, for example {loadgen, sink}. The pointers are
// into the table it was made from.
using CommandPath = std::vector<const Command*>;

// "loadgen sink", or the names joined by another separator ("loadgen-sink").
[[nodiscard]] std::string title(const CommandPath& path, std::string_view separator = " ");

// Every command that is not hidden, each followed by its own commands.
[[nodiscard]] std::vector<CommandPath> visible_commands(const std::vector<Command>& commands);

// The command with this title, in one word per level; empty when there is none.
[[nodiscard]] CommandPath find_command(const std::vector<Command>& commands,
                                       const std::vector<std::string>& names);

// The command whose flags work behind `command`: its default command, or itself.
[[nodiscard]] const Command& acting(const Command& command);

struct Route {
  CommandPath path;      // empty when no word names a command
  bool implied = false;  // the last one is a default that nobody named
  // A group with only global options behind it: the name of one of its commands may follow.
  bool open = false;
  std::string name;  // the word that named the top-level command, known or not
  // Options in front of a name, then all words behind the last; those behind an unknown name.
  std::vector<std::string> words;
};

// Cuts a command line at the names of its commands. A command of a group stands directly behind the
// group; only global options may come between. Errors: a word that is no command of its group, with
// the nearest one as a hint. A group without a default is returned itself when no word follows.
[[nodiscard]] Result<Route> find_route(const std::vector<Command>& commands,
                                       const std::vector<std::string>& words);

// The error for `obsctl GROUP` when the group has no default command.
[[nodiscard]] Failure missing_command(const CommandPath& group);

}  // namespace obsctl::cli
