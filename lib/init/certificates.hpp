// SPDX-License-Identifier: Apache-2.0
// The certificates of a stack: made, kept, renewed or copied, so that every init leaves a working
// set.
#pragma once

#include <vector>

#include "lib/init/notes.hpp"
#include "lib/io/clock.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::init {

// Adds the TLS files to `tree` as the security of the stack says and returns notes for the user.
//
// self-signed: the CA is made once; the server certificate is made when it is missing, when it
// expires within 30 days, when a name is new, or when `renew`; it names the receivers, this host
// and the target's names. files: the given pair is checked and copied. Errors: a pair that does not
// match, an expired certificate, a CA whose key was taken away when a new server certificate is
// due.
[[nodiscard]] Result<std::vector<Note>> add_certificates(FileTree& tree, const FileSystem& files,
                                                         const Clock& clock,
                                                         const stack::Stack& stack, bool renew);

}  // namespace obsctl::init
