// SPDX-License-Identifier: Apache-2.0
// Reads the helper image's pin and generated files, and words comments.
#include "lib/targets/helper.hpp"

#include "lib/base/text.hpp"
#include "lib/yaml/read.hpp"

namespace obsctl {
namespace {

constexpr auto k_helpers = "shared/helpers.yaml";

}  // namespace

Result<Helper> find_helper(const TemplateStore& store, const Topology& topology) {
  OBS_TRY_ASSIGN(const Template source, store.find(k_helpers));
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file()));
  OBS_TRY(root.only({"image", "version"}));
  OBS_TRY_ASSIGN(const std::string image, root.text("image"));
  OBS_TRY_ASSIGN(const std::string version, root.text("version"));
  return Helper{topology.pinned(image + ":" + version), version};
}

Result<std::optional<yaml::Node>> read_generated(const FileSystem& files,
                                                 const std::filesystem::path& directory,
                                                 const std::string& name) {
  OBS_TRY_ASSIGN(const auto text, read_beneath(files, directory, name));
  if (!text) {
    return std::nullopt;
  }
  OBS_TRY_ASSIGN(yaml::Node root, yaml::parse(*text, name));
  return root;
}

Values comment_lines(const Component& component, std::size_t width) {
  std::string text = component.title;
  if (!component.version.empty()) {
    text += " " + component.version;
  }
  text += ": " + component.purpose + ".";
  for (const auto& note : component.notes) {
    text += "\n" + note;
  }
  Values out = Values::array();
  for (const auto& line : split(wrap(text, width, 0), '\n')) {
    if (!line.empty()) {
      out.push_back(line);
    }
  }
  return out;
}

}  // namespace obsctl
