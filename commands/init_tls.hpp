// The certificates of a stack: made, kept, renewed or copied, so that every init leaves a working
// set.
#pragma once

#include <string>
#include <vector>

#include "commands/command.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"

namespace obsctl {

// Adds the TLS files of stack_paths to `tree` as the security of the stack says and returns notes
// for the user.
//
// self-signed: the CA is made once; the server certificate is made when it is missing, when it
// expires within 30 days, when a name is new, or when `renew`; it names the receivers, this host
// and `hosts`. files: the given pair is checked and copied. Errors: a pair that does not match, an
// expired certificate, a CA whose key was taken away when a new server certificate is due.
[[nodiscard]] Result<std::vector<std::string>> add_certificates(
    FileTree& tree, Context& context, const Topology& topology,
    const std::vector<std::string>& hosts, const std::filesystem::path& dir, bool renew);

}  // namespace obsctl
