// SPDX-License-Identifier: Apache-2.0
// Logic-less templates (mustache) with the delimiters [% %], which clash with nothing a template
// generates: Prometheus, Helm and Ansible use {{ }}, YAML << and #, shells $ and [[.
//
//   [% images.loki %]                 a value, inserted as it is (no HTML escaping)
//   [%# ports %] … [%/ ports %]       once per element of a list, or once when true, an object or
//                                     a text
//   [%^ ports %] … [%/ ports %]       when false, null, an empty list or an empty text
//   [%! comment %]                    nothing
//   [%> shared/source.yaml %]         another template of the store, with the values of this place;
//                                     alone on its line, its lines get the indentation of the tag
//
// `[% . %]` is the current element. A name that an element of a list does not have is looked up in
// the scopes around it. A section or comment tag that is alone on its line leaves no line behind.
//
// A name that the values do not have is an error with file and line, never an empty string. That,
// exact positions and clean lines are why this is not a packaged mustache library: those render an
// unknown name as nothing and leave a blank line where a section is switched off.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/io/filesystem.hpp"

namespace obsctl {

using Values = nlohmann::ordered_json;

struct Template {
  std::string path;    // relative to templates/, for example "compose/docker-compose.yml"
  std::string origin;  // "embedded" or the directory it was found in
  std::string text;

  // The file a person would open: below the override directory, or below templates/ of the source.
  [[nodiscard]] std::string file() const;
};

// Finds templates: the first override directory that has the file wins, then the embedded ones.
class TemplateStore {
 public:
  TemplateStore(const FileSystem& files, std::vector<std::filesystem::path> directories)
      : files_(files), directories_(std::move(directories)) {}

  [[nodiscard]] Result<Template> find(std::string_view path) const;

  // The paths of all templates, of the directories and embedded, that start and end like this,
  // sorted, each once. A path with a part that begins with a dot is an editor's or git's, and left
  // out.
  [[nodiscard]] Result<std::vector<std::string>> list(std::string_view prefix,
                                                      std::string_view suffix) const;

 private:
  const FileSystem& files_;
  std::vector<std::filesystem::path> directories_;
};

// The template with the values filled in. Errors (unknown name, unbalanced section, unclosed tag, a
// list where a text is needed) carry file:line:column of the tag, in the file that has it. Partials
// come from `store`; without one they are errors. So is a template that includes itself.
[[nodiscard]] Result<std::string> render_template(const Template& source, const Values& values);
[[nodiscard]] Result<std::string> render_template(const Template& source, const Values& values,
                                                  const TemplateStore& store);

}  // namespace obsctl
