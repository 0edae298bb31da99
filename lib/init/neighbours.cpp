// SPDX-License-Identifier: Apache-2.0
// Looks for the stack's name and ports among the engine's containers.
#include "lib/init/neighbours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "lib/base/text.hpp"
#include "lib/engine/containers.hpp"

namespace obsctl::init {
namespace {

namespace fs = std::filesystem;
using Containers = std::vector<EngineContainer>;

// Whether the container was made from the stack's directory, whatever its project is called.
bool from_here(const stack::Stack& stack, const EngineContainer& container) {
  std::error_code none;
  return !container.directory.empty() && fs::equivalent(container.directory, stack.directory, none);
}

// A project of that name in another directory. One that was moved has left none behind.
const EngineContainer* namesake(const FileSystem& files, const stack::Stack& stack,
                                const Containers& containers) {
  const auto found = std::ranges::find_if(containers, [&](const EngineContainer& container) {
    return container.project == stack.topology.name && !container.directory.empty() &&
           files.is_directory(container.directory) && !from_here(stack, container);
  });
  return found == containers.end() ? nullptr : &*found;
}

bool meet(const std::string& one, const std::string& other) {
  const auto is_all = [](const std::string& address) {
    return address.empty() || is_everywhere(address);
  };
  return one == other || is_all(one) || is_all(other);
}

// Who else publishes it; null when nobody does.
const EngineContainer* holder(const stack::Stack& stack, const Containers& containers,
                              const Port& port) {
  const auto found = std::ranges::find_if(containers, [&](const EngineContainer& container) {
    return container.project != stack.topology.name && !from_here(stack, container) &&
           std::ranges::any_of(container.ports, [&](const HeldPort& held) {
             return held.number == port.host && meet(held.address, port.bind);
           });
  });
  return found == containers.end() ? nullptr : &*found;
}

std::string owner(const EngineContainer& container) {
  return container.project.empty()
             ? container.name
             : fmt::format("'{}' ({})", container.project, container.directory);
}

// All numbers that the stack and the others use.
std::set<int> taken_ports(const stack::Stack& stack, const Containers& containers) {
  std::set<int> out;
  for (const auto& component : stack.topology.components) {
    for (const auto& port : component.ports) {
      out.insert(port.host);
    }
  }
  for (const auto& container : containers) {
    for (const auto& held : container.ports) {
      out.insert(held.number);
    }
  }
  return out;
}

std::vector<Note> port_notes(const stack::Stack& stack, const Containers& containers) {
  constexpr int k_step = 10000;  // 3000 becomes 13000: easy to recognise
  std::set<int> taken = taken_ports(stack, containers);
  std::vector<std::string> held;
  std::set<std::string> owners;
  Settings settings;
  for (const auto& component : stack.topology.components) {
    for (const auto& port : component.ports) {
      const EngineContainer* other = port.host == 0 ? nullptr : holder(stack, containers, port);
      if (other == nullptr) {
        continue;
      }
      held.push_back(fmt::to_string(port.host));
      owners.insert(owner(*other));
      int free = port.host % k_step + k_step;
      while (taken.contains(free)) {
        ++free;
      }
      taken.insert(free);
      settings["ports." + port.name] = fmt::to_string(free);
    }
  }
  if (held.empty()) {
    return {};
  }
  return {{fmt::format("{} {} published by {} already, so that the stack cannot start",
                       held.size() == 1 ? "port" : "ports",
                       join(held, ", ") + (held.size() == 1 ? " is" : " are"),
                       join({owners.begin(), owners.end()}, ", ")),
           settings, held.size() == 1 ? "moves it" : "moves them"}};
}

}  // namespace

Result<std::vector<Note>> compare_with_neighbours(const Services& services,
                                                  const stack::Stack& stack, bool fresh) {
  const auto containers = engine_containers(services.http, services.environment);
  if (!containers) {
    return std::vector<Note>();  // compare_with_engine() says why
  }
  constexpr std::size_t k_longest = 38;  // of a name, with what is added
  std::vector<Note> notes;
  if (const EngineContainer* other = namesake(services.files, stack, *containers)) {
    const std::string text = fmt::format(
        "the project in '{}' is called '{}' too: starting one replaces the containers of "
        "the other and uses its volumes",
        other->directory, stack.topology.name);
    const Settings another = {{"name", stack.topology.name.substr(0, k_longest) + "-2"}};
    if (fresh) {
      return fail_setting("name", text, "choose another name", another);
    }
    notes.push_back({text, another, "gives this one containers and volumes of its own"});
  }
  std::ranges::move(port_notes(stack, *containers), std::back_inserter(notes));
  return notes;
}

}  // namespace obsctl::init
