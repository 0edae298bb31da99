// Logic-less templates (mustache) with the delimiters [% %], which clash with nothing a template
// generates: Prometheus, Helm and Ansible use {{ }}, YAML << and #, shells $ and [[.
//
//   [% images.loki %]                 a value, inserted as it is (no HTML escaping)
//   [%# ports %] … [%/ ports %]       once per element of a list, or once when true / an object
//   [%^ ports %] … [%/ ports %]       when false, null or an empty list
//   [%! comment %]                    nothing
//
// A name that the values do not have is an error with file and line, never an empty string.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "lib/base/error.hpp"
#include "lib/io/filesystem.hpp"

namespace obsctl {

using Values = nlohmann::ordered_json;

struct Template {
  std::string path;    // relative to templates/, for example "compose/docker-compose.yml"
  std::string origin;  // "embedded" or the directory it was found in
  std::string text;
};

// Finds templates: the first override directory that has the file wins, then the embedded ones.
class TemplateStore {
 public:
  TemplateStore(const FileSystem& files, std::vector<std::filesystem::path> directories)
      : files_(files), directories_(std::move(directories)) {}

  [[nodiscard]] Result<Template> find(std::string_view path) const;

 private:
  const FileSystem& files_;
  std::vector<std::filesystem::path> directories_;
};

// The template with the values filled in. Errors carry file:line of the tag.
[[nodiscard]] Result<std::string> render_template(const Template& source, const Values& values);

}  // namespace obsctl
