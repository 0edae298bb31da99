// SPDX-License-Identifier: Apache-2.0
// A secret file that a person wrote: an error with its line, or values that YAML reads back
// byte for byte.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/targets/helm_parts.hpp"
#include "lib/yaml/read.hpp"

using namespace obsctl;

namespace {

Topology topology() {
  Component viewer;
  viewer.name = "viewer";
  viewer.secrets = {{.environment = "secrets/viewer.env"},
                    {.volume = "files", .mount = "/files", .files = {"secrets/file"}}};
  Topology out;
  out.components = {viewer};
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Topology k_topology = topology();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const HeldSecret held = [&text](const std::string& path) -> Result<std::optional<std::string>> {
    return path == helm::k_secret_values ? std::nullopt : std::optional(text);
  };
  FileTree tree;
  const auto done = helm::hand_over(tree, k_topology, held);
  if (!done) {
    if (!done.error().at || !done.error().at->file.starts_with("secrets/")) {
      std::abort();
    }
    return 0;
  }
  const auto root = yaml::parse(tree.at(helm::k_secret_values).bytes, "values.yaml");
  const yaml::Node* secrets = root ? root->find("secrets") : nullptr;
  if (secrets == nullptr || secrets->entries.size() != 2 ||
      secrets->find("files")->entries.size() != 1 ||
      secrets->find("files")->entries.front().value.scalar != text) {
    std::abort();
  }
  return 0;
}
