// SPDX-License-Identifier: Apache-2.0
// What a person has to know about a stack that init writes: who can reach it.
#pragma once

#include <string>
#include <vector>

#include "lib/sizing/fit.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::init {

// A fact, with settings of the spec that change it, if there are any. Printed as
// "<text>: <settings as the user types them> <effect>".
struct Note {
  std::string text;
  Settings settings = {};
  std::string effect = {};  // of the settings: "encrypts it"
};

// What is open to other machines without a token or without encryption.
[[nodiscard]] std::vector<Note> exposure_notes(const stack::Stack& stack);

// What was in the stack's directory before `init` and takes part in what it writes: templates, always;
// secrets, when `fresh`. Whoever made the directory knows or chose them.
[[nodiscard]] Result<std::vector<Note>> origin_notes(const FileSystem& files,
                                                     const stack::Stack& stack,
                                                     const FileTree& tree, bool fresh);

}  // namespace obsctl::init
