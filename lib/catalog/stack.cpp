// SPDX-License-Identifier: Apache-2.0
// Applies the choices of a spec to a stack's list.
#include "lib/catalog/stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/base/text.hpp"

namespace obsctl::catalog {
namespace {

std::string setting_of(const StackSpec& spec, const std::string& key) {
  const auto& fields = spec_fields();
  const auto field = std::ranges::find(fields, key, &SpecField::key);
  return field == fields.end() ? "" : field->get(spec).value_or("");
}

Result<std::string> choose(const StackSpec& spec, const StackEntry& entry,
                           const Components& components) {
  const std::string asked = setting_of(spec, entry.chosen_by);
  const std::string name = asked.empty() ? entry.fallback : asked;
  const auto found = components.find(name);
  if (found != components.end() && found->second.provided(entry.provides) != nullptr) {
    return name;
  }
  const auto known = providers(components, entry.provides);
  Error error = unknown_choice(name, entry.chosen_by, known).value();
  error.subject = entry.chosen_by;
  return Failure(std::move(error));
}

}  // namespace

std::vector<std::string> providers(const Components& components, std::string_view capability) {
  std::vector<std::string> out;
  for (const auto& [name, component] : components) {
    if (component.provided(capability) != nullptr) {
      out.push_back(name);
    }
  }
  return out;
}

std::vector<std::string> choices(std::string_view setting, const std::vector<StackEntry>& entries,
                                 const Components& components) {
  const auto entry = std::ranges::find(entries, setting, &StackEntry::chosen_by);
  return entry == entries.end() ? std::vector<std::string>{}
                                : providers(components, entry->provides);
}

std::vector<std::string> capabilities(const Components& components) {
  std::set<std::string> out;
  for (const auto& [name, component] : components) {
    for (const auto& provided : component.provides) {
      out.insert(provided.capability);
    }
  }
  return {out.begin(), out.end()};
}

Result<ChosenStack> choose_stack(const StackSpec& spec, const std::vector<StackEntry>& entries,
                                 const Components& components) {
  ChosenStack out;
  for (const auto& entry : entries) {
    std::string name = entry.name;
    if (!entry.chosen_by.empty()) {
      OBS_TRY_ASSIGN(name, choose(spec, entry, components));
      out.chosen[entry.provides] = name;
      if (std::ranges::find(entries, name, &StackEntry::name) != entries.end()) {
        continue;  // it keeps its place further down
      }
    }
    if (!components.contains(name)) {
      return fail(Code::config, fmt::format("the stack lists an unknown component '{}'", name));
    }
    out.components.push_back(std::move(name));
  }
  for (const auto& name : spec.extra_components) {
    if (!components.contains(name)) {
      std::vector<std::string> known;
      for (const auto& [other, component] : components) {
        known.push_back(other);
      }
      const std::string hint = did_you_mean(name, known);
      return fail_setting(
          "stack.add", fmt::format("there is no component '{}'", name),
          hint.empty() ? "a folder components/NAME with a component.yaml in a template directory "
                         "adds one"
                       : hint);
    }
    if (std::ranges::find(out.components, name) == out.components.end()) {
      out.components.push_back(name);
    }
  }
  return out;
}

}  // namespace obsctl::catalog
