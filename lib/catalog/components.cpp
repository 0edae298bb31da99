// Parses templates/catalog/components.yaml, refusing moving tags.
#include "lib/catalog/components.hpp"

#include <fmt/format.h>

#include "lib/yaml/read.hpp"
#include "templates/embedded.hpp"

namespace obsctl::catalog {
namespace {

Result<ComponentImage> parse_component(const yaml::Entry& entry) {
  const yaml::Node& row = entry.value;
  OBS_TRY(row.only({"title", "image", "version", "tag", "digest", "uid", "shell"}));
  ComponentImage out;
  out.name = entry.key;
  OBS_TRY_ASSIGN(out.title, row.text("title"));
  OBS_TRY_ASSIGN(out.image, row.text("image"));
  OBS_TRY_ASSIGN(out.version, row.text("version"));
  out.tag = row.text_or("tag", out.version);
  out.digest = row.text_or("digest", "");
  OBS_TRY_ASSIGN(const double uid, row.number("uid"));
  out.uid = static_cast<int>(uid);
  OBS_TRY_ASSIGN(const std::string shell, row.text("shell"));
  out.shell = shell == "true";
  if (out.tag == "latest" || out.tag.empty()) {
    return fail_at(entry.at, fmt::format("'{}' has no fixed tag", entry.key),
                   "pin a released version");
  }
  return out;
}

}  // namespace

std::string ComponentImage::reference() const {
  return digest.empty() ? fmt::format("{}:{}", image, tag)
                        : fmt::format("{}:{}@{}", image, tag, digest);
}

Result<std::vector<ComponentImage>> parse_components(std::string_view text,
                                                     const std::string& file) {
  OBS_TRY_ASSIGN(const yaml::Node root, yaml::parse(text, file));
  OBS_TRY_ASSIGN(const yaml::Node* rows, root.require("components"));
  std::vector<ComponentImage> out;
  for (const auto& entry : rows->entries) {
    OBS_TRY_ASSIGN(auto component, parse_component(entry));
    out.push_back(std::move(component));
  }
  return out;
}

Result<std::vector<ComponentImage>> components() {
  constexpr auto k_path = "catalog/components.yaml";
  static const auto parsed = parse_components(embedded_file(k_path), k_path);
  return parsed;
}

}  // namespace obsctl::catalog
