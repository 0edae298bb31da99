// Reads the helper image's pin.
#include "lib/targets/helper.hpp"

#include "lib/yaml/read.hpp"

namespace obsctl {
namespace {

constexpr auto k_helpers = "shared/helpers.yaml";

}  // namespace

Result<Helper> find_helper(const TemplateStore& store) {
  OBS_TRY_ASSIGN(const Template source, store.find(k_helpers));
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(source.text, source.file()));
  OBS_TRY(root.only({"image", "version"}));
  OBS_TRY_ASSIGN(const std::string image, root.text("image"));
  OBS_TRY_ASSIGN(const std::string version, root.text("version"));
  return Helper{image + ":" + version, version};
}

}  // namespace obsctl
