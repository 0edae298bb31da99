// SPDX-License-Identifier: Apache-2.0
// The targets, and the way from a topology to the files of one of them.
#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.hpp"
#include "lib/targets/compose.hpp"
#include "lib/targets/helm.hpp"
#include "lib/targets/target.hpp"

namespace obsctl {

const std::vector<const Target*>& targets() {
  static const std::vector<const Target*> k_targets = {
      &compose::target(),
      &helm::target(),
  };
  return k_targets;
}

Result<const Target*> find_target(const std::string& name) {
  const auto found = std::ranges::find(targets(), name, &Target::name);
  if (found != targets().end()) {
    return *found;
  }
  std::vector<std::string> names;
  for (const auto* target : targets()) {
    names.push_back(target->name);
  }
  return fail(Code::usage, fmt::format("this version does not generate the target '{}'", name),
              "it generates " + join(names, " and "));
}

Result<Words> words_of(const Target& target, const Topology& topology, const TemplateStore& store) {
  OBS_TRY(target.carries(topology));
  OBS_TRY_ASSIGN(Words words, target.words(topology, store));
  words.configs = target.configs;
  return words;
}

Result<Generated> generate(const Target& target, const Topology& topology,
                           const TemplateStore& store, Random& random) {
  OBS_TRY_ASSIGN(Words words, words_of(target, topology, store));
  OBS_TRY_ASSIGN(Rendered stack, render_stack(topology, store, words, random));
  OBS_TRY(target.package(stack, topology, store));
  return Generated{std::move(stack.tree), std::move(words)};
}

}  // namespace obsctl
