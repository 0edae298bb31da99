// SPDX-License-Identifier: Apache-2.0
// The certificates of a stack: made, kept, renewed or copied, so that every init leaves a working
// set.
#pragma once

#include <vector>

#include "lib/init/init.hpp"
#include "lib/init/notes.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::init {

// Adds the TLS files to `tree` as the security of the stack says and returns notes for the user.
//
// self-signed: the CA is made once; the server certificate is made when it is missing, when it
// expires within 30 days, when a name is new, or when `renew`. It names the receivers, this host,
// security.tls_names and the target's names; bound beyond loopback also the canonical name of this
// host and, bound to all addresses, those of its interfaces. files: the given pair is checked and
// copied. The authority of client certificates is checked and copied as well. Errors: a pair that
// does not match, an expired certificate or authority, one that is none, a server certificate of
// another authority (unless `renew`), half of the CA taken away.
[[nodiscard]] Result<std::vector<Note>> add_certificates(FileTree& tree, const Services& services,
                                                         const stack::Stack& stack, bool renew);

}  // namespace obsctl::init
