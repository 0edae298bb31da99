// SPDX-License-Identifier: Apache-2.0
// What a stack can be generated for: one row per target, which everything else asks instead of
// comparing names.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/random.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/render/stack.hpp"
#include "lib/render/words.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// The limits that containers have in generated files, by component, and the file that says so.
struct ContainerLimits {
  std::string file = {};  // empty: there is none
  std::map<std::string, ComponentOverride> components = {};
};

// What the directory holds of a secret file; nothing when it is new.
using HeldSecret = std::function<Result<std::optional<std::string>>(const std::string& path)>;

struct Target {
  std::string name;     // the value of `target` in obsctl.yaml
  std::string title;    // "Docker Compose"
  std::string configs;  // folder of the components' configurations
  bool on_this_host =
      false;  // it runs, and publishes its ports, on the host that it is generated on

  // Why it cannot carry a topology; an error with a hint.
  Result<void> (*carries)(const Topology& topology);
  // How the stack is run, reached and watched there.
  Result<Words> (*words)(const Topology& topology, const TemplateStore& store);
  // Adds the packaging and OPERATIONS.md to what render_stack() made.
  Result<void> (*package)(Rendered& stack, const Topology& topology, const TemplateStore& store);
  // Adds what carries the secrets to where the stack runs, once all of them are in the tree; null
  // where their files are enough.
  Result<void> (*hand_over)(FileTree& tree, const Topology& topology, const HeldSecret& held);
  // Reads the packaging in a directory back, which a person may have edited. Errors: a file that is
  // not valid YAML, a limit that the target cannot read.
  Result<ContainerLimits> (*limits)(const FileSystem& files,
                                    const std::filesystem::path& directory);
};

// All targets, the default first.
[[nodiscard]] const std::vector<const Target*>& targets();

// The target with that name. Errors: none has it (Code::usage).
[[nodiscard]] Result<const Target*> find_target(const std::string& name);

// How the stack is run, reached and watched, once the target is known to carry it. Errors: those of
// carries() and words().
[[nodiscard]] Result<Words> words_of(const Target& target, const Topology& topology,
                                     const TemplateStore& store);

struct Generated {
  FileTree tree;  // every file of the stack except obsctl.yaml and those of TLS
  Words words;
};

// Errors: those of carries(), words() and package(), and of render_stack().
[[nodiscard]] Result<Generated> generate(const Target& target, const Topology& topology,
                                         const TemplateStore& store, Random& random);

}  // namespace obsctl
