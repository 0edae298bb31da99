// SPDX-License-Identifier: Apache-2.0
// Everything that is made from the command table: help screens, man pages, completions, and
// docs/reference.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/route.hpp"
#include "commands/command.hpp"

namespace obsctl::cli {

// The flags every command takes besides its own; `into` binds them.
[[nodiscard]] std::vector<Flag> global_flags(GlobalOptions& into);

// Columns of help on this terminal: its width, within what reads well.
[[nodiscard]] std::size_t help_width(const Terminal& terminal);

// One screen for -h: usage, the first examples, the common options. `complete` is --help: the
// description, every option, exit codes and references too. A group with a default command shows
// that command's options.
[[nodiscard]] std::string command_help(const CommandPath& path, bool complete, std::size_t width,
                                       bool color);

// The list of commands for `obsctl help`; `external` are names of obsctl-* programs on PATH.
[[nodiscard]] std::string overview(const std::vector<Command>& commands,
                                   const std::vector<std::string>& external, std::size_t width,
                                   bool color);

// A page for `obsctl help TOPIC`, also obsctl-TOPIC(7) (obsctl-stack is in section 5).
struct Topic {
  std::string name;
  std::string summary;
  int section = 7;
  // Text in a small markup: paragraphs; lines starting with two spaces are shown literally.
  std::string text;
};

[[nodiscard]] std::vector<Topic> topics(const std::vector<Command>& commands);
[[nodiscard]] std::string topic_text(const Topic& topic, std::size_t width, bool color);

// mdoc(7) pages.
[[nodiscard]] std::string command_man(const CommandPath& path);
[[nodiscard]] std::string program_man(const std::vector<Command>& commands);
[[nodiscard]] std::string topic_man(const Topic& topic);

// Candidates for the word under the cursor: `words` are those after "obsctl", the last one
// unfinished. A value of ":file" or ":directory" asks the shell to complete paths.
struct Candidate {
  std::string value;
  std::string doc;
};
[[nodiscard]] std::vector<Candidate> complete(const std::vector<Command>& commands,
                                              std::vector<std::string> words);

// The completion script of "bash", "zsh" or "fish": a shim that asks the program.
[[nodiscard]] std::string completion_script(const std::string& shell);

// docs/reference.md: every command with its options.
[[nodiscard]] std::string reference(const std::vector<Command>& commands);

// All generated files of the source tree by path.
[[nodiscard]] std::map<std::string, std::string> generated_files(
    const std::vector<Command>& commands);

}  // namespace obsctl::cli
