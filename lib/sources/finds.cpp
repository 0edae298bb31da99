// SPDX-License-Identifier: Apache-2.0
// Reads find.yaml of every component.
#include "lib/sources/finds.hpp"

#include "lib/base/text.hpp"
#include "lib/render/values.hpp"
#include "lib/template/template.hpp"

namespace obsctl::health {
namespace {

// Given programs are some components of the default stack, whose values need all of them.
Result<Values> values_of(const Subject& subject) {
  if (subject.own()) {
    return stack_values(subject.stack.topology, subject.stack.words);
  }
  OBS_TRY_ASSIGN(const stack::Stack whole,
                 stack::assemble({}, subject.stack.spec, subject.stack.templates));
  return stack_values(whole.topology, whole.words);
}

}  // namespace

Result<std::vector<catalog::Find>> read_finds(const Subject& subject) {
  const TemplateStore& store = subject.stack.templates.store;
  const Topology& topology = subject.stack.topology;
  OBS_TRY_ASSIGN(const auto paths, store.list("components/", "/find.yaml"));
  OBS_TRY_ASSIGN(const Values values, values_of(subject));
  std::vector<catalog::Find> out;
  for (const std::string& path : paths) {
    const std::string component = split(path, '/')[1];
    if (topology.find(component) == nullptr) {
      continue;
    }
    OBS_TRY_ASSIGN(const Template source, store.find(path));
    OBS_TRY_ASSIGN(const std::string text, render_template(source, values, store));
    OBS_TRY_ASSIGN(catalog::Find find, catalog::parse_find({text, source.file()}, component));
    if (!subject.own()) {
      find.delays.clear();  // those of obsctl's configurations, which such programs do not have
    }
    out.push_back(std::move(find));
  }
  return out;
}

}  // namespace obsctl::health
