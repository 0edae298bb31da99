// SPDX-License-Identifier: Apache-2.0
// What `obsctl loadgen run` and `obsctl loadgen job` share: the flags of a plan and how they become
// a run that only has to be started.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/command.hpp"
#include "lib/loadgen/prepare.hpp"

namespace obsctl {

struct LoadgenPlan {
  loadgen::RunOptions options;
  std::optional<std::string> stack;  // directory
  std::vector<std::string> template_dirs;
  std::optional<std::string> tier;
  bool insecure = false;
  bool yes = false;
};

// Flags whose values mean the same on every machine: protocol, rates, sizes, thresholds. A job
// hands them on as they were typed.
[[nodiscard]] std::vector<Flag> portable_flags(LoadgenPlan& plan);
// Flags that point to this machine (files, its stack), choose the target or need translation for a
// pod.
[[nodiscard]] std::vector<Flag> local_flags(LoadgenPlan& plan);

// A plan with the stack it was made for.
struct Planned {
  loadgen::RunOptions options;
  std::optional<loadgen::StackTarget> stack;
  std::filesystem::path spec_file;  // of the stack; empty without one
  loadgen::PreparedRun run;
};

[[nodiscard]] loadgen::Local local_of(Context& context);

// Resolves the flags and compiles the payload. Refuses a target beyond this machine above the safe
// rate unless --yes is given, `sends` is false, it is the stack itself, or loadgen.targets lists
// it.
[[nodiscard]] Result<Planned> make_plan(Context& context, const LoadgenPlan& plan, bool sends);

}  // namespace obsctl
