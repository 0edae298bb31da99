// SPDX-License-Identifier: Apache-2.0
// Finding, trusting and assembling a stack.
#include "lib/stack/stack.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/stack/paths.hpp"
#include "lib/targets/helper.hpp"
#include "lib/topology/build.hpp"

namespace obsctl::stack {
namespace {

namespace fs = std::filesystem;

constexpr UserId k_root = 0;

fs::path without_slash(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

bool is_listed(const Environment& environment, const fs::path& directory) {
  const auto listed = environment.get("OBSCTL_SAFE_DIRECTORY");
  return listed && std::ranges::any_of(split(*listed, ':'), [&](const std::string& entry) {
           return entry == "*" || (!entry.empty() && without_slash(entry) == directory);
         });
}

bool is_trusted(const Environment& environment, UserId owner) {
  if (owner == *environment.user || owner == k_root) {
    return true;
  }
  const auto behind_sudo = environment.get("SUDO_UID");
  return *environment.user == k_root && behind_sudo && *behind_sudo == std::to_string(owner);
}

}  // namespace

std::optional<fs::path> find(const FileSystem& files, fs::path start) {
  for (fs::path directory = without_slash(start);; directory = directory.parent_path()) {
    if (files.exists(directory / stack_paths::spec)) {
      return directory;
    }
    if (directory == directory.parent_path()) {
      return std::nullopt;
    }
  }
}

Result<void> check_owner(const FileSystem& files, const Environment& environment,
                         const fs::path& directory) {
  const fs::path normal = without_slash(directory);
  const bool has_stack =
      files.exists(normal / stack_paths::spec) || files.exists(normal / stack_paths::own);
  if (!environment.user || !has_stack || is_listed(environment, normal)) {
    return {};
  }
  for (const fs::path& path : {normal, normal / stack_paths::spec, normal / stack_paths::own,
                               normal / stack_paths::templates}) {
    const auto owner = files.owner(path);
    if (owner && !is_trusted(environment, *owner)) {
      return fail(Code::config,
                  fmt::format("'{}' belongs to another user (number {}), and commands come from "
                              "the files of a stack",
                              path.string(), *owner),
                  fmt::format("run obsctl as that user, or set OBSCTL_SAFE_DIRECTORY={} if you "
                              "trust it",
                              normal.string()));
    }
  }
  return {};
}

Result<SpecFile> read_spec_file(const FileSystem& files, const Environment& environment,
                                const fs::path& path) {
  SpecFile out;
  out.path = path.lexically_normal();
  out.shown = out.path.lexically_relative(environment.directory).string();
  OBS_TRY_ASSIGN(const auto directory, files.open_directory(out.path.parent_path()));
  OBS_TRY_ASSIGN(out.text, directory->read(out.path.filename()));
  OBS_TRY_ASSIGN(out.spec, read_spec(out.text, out.shown));
  return out;
}

Result<Stack> assemble(fs::path directory, StackSpec spec, StackTemplates templates) {
  OBS_TRY_ASSIGN(const Target* target, find_target(spec.target));
  OBS_TRY_ASSIGN(SizedStack sized, size_and_build(spec, templates.catalogs));
  OBS_TRY_ASSIGN(Words words, words_of(*target, sized.topology, templates.store));
  return Stack{.directory = std::move(directory),
               .spec = std::move(spec),
               .templates = std::move(templates),
               .report = std::move(sized.report),
               .topology = std::move(sized.topology),
               .target = target,
               .words = std::move(words)};
}

Result<Stack> open(const FileSystem& files, const Environment& environment, const fs::path& start,
                   const std::vector<std::string>& template_dirs) {
  const auto directory = find(files, start);
  if (!directory) {
    return fail(Code::missing,
                fmt::format("there is no {} in '{}' or a directory above it", stack_paths::spec,
                            start.string()),
                "'obsctl init' generates a stack");
  }
  OBS_TRY(check_owner(files, environment, *directory));
  OBS_TRY_ASSIGN(SpecFile file, read_spec_file(files, environment, *directory / stack_paths::spec));
  OBS_TRY_ASSIGN(StackTemplates templates,
                 load_templates(files, environment, template_dirs, *directory));
  return assemble(*directory, std::move(file.spec), std::move(templates));
}

Result<std::set<std::string>> images(const Stack& stack) {
  const auto by_tag = [](const std::string& image) { return image.substr(0, image.find('@')); };
  OBS_TRY_ASSIGN(const Helper helper, find_helper(stack.templates.store, stack.topology));
  std::set<std::string> out = {by_tag(helper.image)};
  for (const auto& component : stack.topology.components) {
    out.insert(by_tag(component.image));
  }
  return out;
}

Result<FileTree> generate(const Stack& stack, Random& random) {
  OBS_TRY_ASSIGN(Generated made,
                 obsctl::generate(*stack.target, stack.topology, stack.templates.store, random));
  return std::move(made.tree);
}

Result<void> hand_over(const Stack& stack, const FileSystem& files, FileTree& tree) {
  if (stack.target->hand_over == nullptr) {
    return {};
  }
  const HeldSecret held = [&files, &stack](const std::string& path) {
    return read_beneath(files, stack.directory, path);
  };
  return stack.target->hand_over(tree, stack.topology, held);
}

}  // namespace obsctl::stack
