// What a person has to know about a stack that init writes: who can reach it, and what is still
// missing in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/file_tree.hpp"
#include "lib/targets/target.hpp"

namespace obsctl {

// What is open to other machines without a token or without encryption.
[[nodiscard]] std::vector<std::string> exposure_notes(const StackSpec& spec,
                                                      const Topology& topology,
                                                      const Target& target);

// Secrets that hold, or will hold when `tree` is written to `directory`, a placeholder. One that
// cannot be read is somebody's own. `renew` hands a changed secret over (Runbook).
[[nodiscard]] std::vector<std::string> placeholder_notes(const FileSystem& files,
                                                         const std::filesystem::path& directory,
                                                         const Topology& topology,
                                                         const FileTree& tree,
                                                         const std::string& renew);

}  // namespace obsctl
