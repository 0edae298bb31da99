// Compares a plan with the host of the container engine, where there is one to ask.
#pragma once

#include <string>
#include <vector>

#include "commands/command.hpp"
#include "lib/sizing/plan.hpp"

namespace obsctl {

// Notes about what the engine's host lacks for the plan, with flags whose plan keeps within it, as
// far as there are any. Empty when it holds the plan or when no engine answers.
[[nodiscard]] std::vector<std::string> compare_with_engine(Context& context, const StackSpec& spec,
                                                           const sizing::Catalogs& catalogs,
                                                           const sizing::SizingReport& report);

}  // namespace obsctl
