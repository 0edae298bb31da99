// SPDX-License-Identifier: Apache-2.0
// What becomes of the data and of what runs when a stack gets another name, other components or a
// shorter memory, because the engine says nothing about it.
#pragma once

#include <string>
#include <vector>

#include "lib/init/notes.hpp"
#include "lib/model/spec.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::init {

struct Transition {
  std::vector<Note> notes;
  std::vector<std::string> first;  // commands to run before the change is applied
  bool leftovers = false;          // components that are gone keep running until they are removed
};

// From the stack as it was generated the last time to `stack`, whose catalogs both are made of.
// Nothing when the last one can no longer be put together.
[[nodiscard]] Transition transition_to(const stack::Stack& stack, const StackSpec& before);

}  // namespace obsctl::init
