// SPDX-License-Identifier: Apache-2.0
// The one way to a stack: finds its directory, checks whose it is, and computes from its
// obsctl.yaml everything that commands want to know about it.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/environment.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/random.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/sizing/report.hpp"
#include "lib/stack/templates.hpp"
#include "lib/targets/target.hpp"

namespace obsctl::stack {

// An obsctl.yaml that was read.
struct SpecFile {
  std::filesystem::path path;  // absolute
  std::string shown;           // as a person in the current directory writes it
  std::string text;
  StackSpec spec;
};

// A spec that comes from the user and not from a stack's directory, such as standard input.
struct GivenSpec {
  std::string text;
  std::string shown;  // names it in errors
};

// A stack as it is computed from its spec; nothing of it comes from generated files.
struct Stack {
  std::filesystem::path directory;  // absolute
  StackSpec spec;
  StackTemplates templates;
  sizing::SizingReport report;  // the plan of the recommended model
  Topology topology;
  const Target* target = nullptr;
  Words words;  // how it is run, reached and watched there
};

// The nearest directory from `start` (absolute) upwards with an obsctl.yaml; nothing where there is
// none.
[[nodiscard]] std::optional<std::filesystem::path> find(const FileSystem& files,
                                                        std::filesystem::path start);

// Refuses a stack that somebody else could have written, because commands come from its files: the
// directory, its obsctl.yaml, its .obsctl and its templates have to belong to the user of
// `environment` or to root. As root, the user behind sudo counts too. OBSCTL_SAFE_DIRECTORY lists directories (with ':'
// between) that are trusted all the same; '*' trusts all. A directory without a stack passes.
// Errors: Code::config.
[[nodiscard]] Result<void> check_owner(const FileSystem& files, const Environment& environment,
                                       const std::filesystem::path& directory);

// Reads `path` (absolute) of a directory that may hold anything. Errors: not there, not a regular
// file, or not valid, with file:line:column.
[[nodiscard]] Result<SpecFile> read_spec_file(const FileSystem& files,
                                              const Environment& environment,
                                              const std::filesystem::path& path);

// Sizes and wires a spec, which need not be on disk. Errors: an unknown tier, target or component,
// a topology that the target cannot carry.
[[nodiscard]] Result<Stack> assemble(std::filesystem::path directory, StackSpec spec,
                                     StackTemplates templates);

// Finds the stack of `start` (absolute) or the nearest directory above, checks its owner, reads and
// assembles it. `template_dirs` go before its own templates. Errors: Code::missing where there is
// none; those of check_owner, read_spec_file, load_templates and assemble.
[[nodiscard]] Result<Stack> open(const FileSystem& files, const Environment& environment,
                                 const std::filesystem::path& start,
                                 const std::vector<std::string>& template_dirs = {});

// "repository:tag" of every image that the stack runs, each once, whether it is pinned or not.
[[nodiscard]] Result<std::set<std::string>> images(const Stack& stack);

// Every file of the stack except obsctl.yaml and those of TLS. Secrets are new ones, drawn from
// `random`.
[[nodiscard]] Result<FileTree> generate(const Stack& stack, Random& random);

// Adds to `tree`, which holds all secrets and certificates by now, what the target carries them in.
// What the directory already holds of a secret counts, not what is in the tree.
[[nodiscard]] Result<void> hand_over(const Stack& stack, const FileSystem& files, FileTree& tree);

}  // namespace obsctl::stack
