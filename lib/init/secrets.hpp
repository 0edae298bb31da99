// SPDX-License-Identifier: Apache-2.0
// Secrets that nobody can draw: passwords of other systems, and URLs and tokens of those who are
// sent alerts. They are brought by a person, once.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lib/init/notes.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::init {

// Adds to `given` what obsctl 0.1.0 held in obsctl.yaml and is a secret now, unless the stack has it;
// says so as long as it stands there.
[[nodiscard]] Result<std::optional<Note>> adopt_secrets(const FileSystem& files,
                                                        const stack::Stack& stack,
                                                        std::map<std::string, std::string>& given);

// Puts the given values (by name: "smtp-password" is secrets/smtp-password) into `tree`. Errors,
// all of them: a secret that is neither given nor in the stack's directory, one that still holds
// its example, a URL that is none, a name that the stack does not read.
[[nodiscard]] Result<void> fill_secrets(FileTree& tree, const FileSystem& files,
                                        const stack::Stack& stack,
                                        const std::map<std::string, std::string>& given);

}  // namespace obsctl::init
