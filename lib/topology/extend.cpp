// SPDX-License-Identifier: Apache-2.0
// Overlays the catalogs with what a template directory has.
#include "lib/topology/extend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "lib/base/problems.hpp"

namespace obsctl {
namespace {

constexpr std::string_view k_folder = "components/";
constexpr std::string_view k_component = "component.yaml";
constexpr std::string_view k_sizing = "sizing.yaml";
constexpr std::string_view k_cluster = "sizing.cluster.yaml";
constexpr std::string_view k_stack = "stacks/single-node.yaml";

// Calls `visit` with each file of this name that is not a built-in one, and the component's name.
template <class Visit>
Result<void> each_own(const TemplateStore& store, std::string_view file, const Visit& visit) {
  OBS_TRY_ASSIGN(const auto paths, store.list(k_folder, fmt::format("/{}", file)));
  for (const auto& path : paths) {
    OBS_TRY_ASSIGN(const Template source, store.find(path));
    if (source.origin != "embedded") {
      visit(source, path.substr(k_folder.size(), path.size() - k_folder.size() - file.size() - 1));
    }
  }
  return {};
}

// The name becomes a host name, a folder and a label, which allow this much together.
bool is_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && lower(name.front()) && std::ranges::all_of(name, [&](char c) {
    return lower(c) || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string beside(const Template& source, std::string_view file) {
  return (std::filesystem::path(source.file()).parent_path() / file).string();
}

}  // namespace

Result<void> add_components(sizing::Catalogs& catalogs, const TemplateStore& store) {
  Problems problems;
  OBS_TRY(each_own(store, k_sizing, [&](const Template& source, const std::string& name) {
    problems.take(catalogs.rules[name],
                  catalog::parse_component_sizing(source.text, source.file(), name));
  }));
  OBS_TRY(each_own(store, k_cluster, [&](const Template& source, const std::string& name) {
    problems.take(catalogs.rules[catalog::cluster_of(name)],
                  catalog::parse_component_sizing(source.text, source.file(), name));
  }));
  OBS_TRY_ASSIGN(const Template stack, store.find(k_stack));
  if (stack.origin != "embedded") {
    problems.take(catalogs.single_node, catalog::parse_stack(stack.text, stack.file()));
  }
  OBS_TRY(each_own(store, k_component, [&](const Template& source, const std::string& name) {
    if (!is_name(name)) {
      problems.add({beside(source, "")}, fmt::format("'{}' cannot be a component's name", name),
                   "lower-case letters, digits and '-', starting with a letter: "
                   "it becomes a host name");
    } else if (!catalogs.rules.contains(name)) {
      problems.add(
          {beside(source, k_sizing)},
          fmt::format("component '{}' has no {}, which says what it needs", name, k_sizing),
          "write at least 'cpus: {floor: 0.1, source: WHY}' and "
          "'memory: {floor: 64MiB, source: WHY}'; "
          "the built-in components/otel-collector/sizing.yaml explains the keys");
    }
    problems.take(catalogs.components[name],
                  catalog::parse_component(source.text, source.file(), name));
  }));
  return problems.done();
}

}  // namespace obsctl
