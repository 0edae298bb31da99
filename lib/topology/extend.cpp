// Overlays the catalogs with what a template directory has.
#include "lib/topology/extend.hpp"

namespace obsctl {
namespace {

constexpr std::string_view k_folder = "components/";

// "echo" for "components/echo/component.yaml".
std::string name_of(const std::string& path, std::string_view file) {
  return path.substr(k_folder.size(), path.size() - k_folder.size() - file.size());
}

}  // namespace

Result<void> add_components(sizing::Catalogs& catalogs, const TemplateStore& store) {
  constexpr std::string_view k_component = "/component.yaml";
  constexpr std::string_view k_sizing = "/sizing.yaml";
  OBS_TRY_ASSIGN(const auto components, store.list(k_folder, k_component));
  for (const auto& path : components) {
    OBS_TRY_ASSIGN(const Template source, store.find(path));
    if (source.origin != "embedded") {
      const std::string name = name_of(path, k_component);
      OBS_TRY_ASSIGN(catalogs.components[name],
                     catalog::parse_component(source.text, source.file(), name));
    }
  }
  OBS_TRY_ASSIGN(const auto sizings, store.list(k_folder, k_sizing));
  for (const auto& path : sizings) {
    OBS_TRY_ASSIGN(const Template source, store.find(path));
    if (source.origin != "embedded") {
      const std::string name = name_of(path, k_sizing);
      OBS_TRY_ASSIGN(catalogs.rules[name],
                     catalog::parse_component_sizing(source.text, source.file(), name));
    }
  }
  return {};
}

}  // namespace obsctl
