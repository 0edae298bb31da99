// SPDX-License-Identifier: Apache-2.0
// Compares two topologies as their operator would: volumes, services, retention.
#include "lib/init/transition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lib/base/text.hpp"

namespace obsctl::init {
namespace {

// The volumes with what would be missed, as the engine calls them.
std::vector<std::string> data_volumes(const Topology& topology, const Component& component) {
  std::vector<std::string> out;
  for (const auto& volume : component.volumes) {
    if (volume.backup != Backup::none) {
      out.push_back(topology.volume_name(volume));
    }
  }
  return out;
}

Note renamed(const stack::Stack& stack, const Topology& before) {
  const std::string& name = stack.topology.name;
  std::string text = fmt::format(
      "the stack was called '{}': its data stays in the volumes of that name, and '{}' starts with "
      "empty ones",
      before.name, name);
  if (stack.target->on_this_host) {
    std::vector<std::string> volumes;
    for (const auto& component : before.components) {
      std::ranges::move(data_volumes(before, component), std::back_inserter(volumes));
    }
    text += fmt::format(
        " (the old ones: {}); applications that joined its network have to join "
        "that of '{}'",
        join(volumes, ", "), name);
  }
  return {std::move(text), {{"name", before.name}}, "keeps all that"};
}

// What goes and what comes: the data of the first stays where it is, the second has none.
void compare_components(const stack::Stack& stack, const Topology& before, Transition& out) {
  for (const auto& component : before.components) {
    if (stack.topology.find(component.name) != nullptr) {
      continue;
    }
    out.leftovers = true;
    const auto volumes = data_volumes(before, component);
    if (!volumes.empty()) {
      out.notes.push_back(
          {fmt::format("{} is no longer part of the stack; what it stored stays in the {} {} until "
                       "you remove {}",
                       component.title, volumes.size() == 1 ? "volume" : "volumes",
                       join(volumes, ", "), volumes.size() == 1 ? "it" : "them")});
    }
  }
  for (const auto& component : stack.topology.components) {
    if (before.find(component.name) == nullptr && !component.keeps.empty()) {
      out.notes.push_back(
          {fmt::format("{} is new and starts empty: nothing is copied into it", component.title)});
    }
  }
}

// "metrics for 15d" says what is kept and for how long.
struct Kept {
  std::string what;
  Duration time;
};

std::optional<Kept> kept_by(const Component& component) {
  constexpr std::string_view k_for = " for ";
  const auto at = component.keeps.rfind(k_for);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const auto time = parse_duration(component.keeps.substr(at + k_for.size()), "keeps");
  return time ? std::optional(Kept{component.keeps.substr(0, at), *time}) : std::nullopt;
}

void compare_retention(const stack::Stack& stack, const Topology& before, Transition& out) {
  for (const auto& component : stack.topology.components) {
    const Component* old = before.find(component.name);
    const auto now = kept_by(component);
    const auto then = old == nullptr ? std::nullopt : kept_by(*old);
    if (now && then && now->time.seconds < then->time.seconds) {
      out.notes.push_back({fmt::format(
          "{} keeps {} for {} from now on, not {}: it deletes what is older once the change is "
          "applied",
          component.title, now->what, print_duration(now->time), print_duration(then->time))});
    }
  }
}

}  // namespace

Transition transition_to(const stack::Stack& stack, const StackSpec& before) {
  Transition out;
  const auto last = stack::assemble(stack.directory, before, stack.templates);
  if (!last || before.target != stack.spec.target) {
    return out;
  }
  if (before.name != stack.spec.name) {
    out.notes.push_back(renamed(stack, last->topology));
    out.first.push_back(stack.words.runbook.take_down(before.name));
    return out;
  }
  compare_components(stack, last->topology, out);
  compare_retention(stack, last->topology, out);
  return out;
}

}  // namespace obsctl::init
