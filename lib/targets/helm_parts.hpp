// SPDX-License-Identifier: Apache-2.0
// What the parts of the target Helm share: its commands, and the secrets that the chart takes.
#pragma once

#include <string>
#include <vector>

#include "lib/targets/helm.hpp"
#include "lib/targets/helper.hpp"

namespace obsctl::helm {

inline constexpr auto k_values = "chart/values.yaml";
inline constexpr auto k_secret_values = "secrets/values.yaml";

// A secret of the chart: lines of one file by their keys, or several files by their names.
struct ChartSecret {
  std::string name;
  std::string component;           // who reads it
  bool lines = false;              // KEY=value
  std::string mount = {};          // empty: they become environment
  std::vector<std::string> files;  // relative to the generated directory
};

[[nodiscard]] std::vector<ChartSecret> secrets_of(const Topology& topology);

// The values of a component's file of the chart.
[[nodiscard]] Values component_file(const Topology& topology, const Component& component);

// "20Gi": the size of a volume, whole and never nothing.
[[nodiscard]] std::string storage(Bytes bytes);

// The claim that the stateful set makes for a volume of its only pod.
[[nodiscard]] std::string claim_of(const Component& component, const Volume& volume);

// Whether obsctl.yaml opens the receivers to senders outside of the cluster.
[[nodiscard]] bool open_to_all(const Topology& topology);

// The user whom a component runs as; images that run as root are given nobody.
[[nodiscard]] int user_of(const Component& component);

[[nodiscard]] bool takes_telemetry(const Topology& topology, const Component& component);

[[nodiscard]] Result<Words> words(const Topology& topology, const TemplateStore& store);

// components.*.resources.limits of chart/values.yaml in a directory.
[[nodiscard]] Result<ContainerLimits> read_limits(const FileSystem& files,
                                                  const std::filesystem::path& directory);

// Adds secrets/values.yaml: what the secret files hold, or will hold.
[[nodiscard]] Result<void> hand_over(FileTree& tree, const Topology& topology,
                                     const HeldSecret& held);

}  // namespace obsctl::helm
