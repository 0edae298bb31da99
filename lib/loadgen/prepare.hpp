// SPDX-License-Identifier: Apache-2.0
// From options to a run that only has to be started: scenario, plan, payload, and everything about
// it that is known before anything is sent.
#pragma once

#include <filesystem>
#include <memory>

#include "lib/io/environment.hpp"
#include "lib/io/filesystem.hpp"
#include "lib/io/random.hpp"
#include "lib/loadgen/options.hpp"
#include "lib/loadgen/scenario.hpp"

namespace obsctl::loadgen {

struct PreparedRun {
  Scenario scenario;
  CompileOptions compile;
  std::unique_ptr<Payload> payload;  // where the plan points to; null before compile_payload()
  Plan plan;
  TargetOptions target;  // with what the environment says
  double rate = 0;       // units/s of the profile's base
  bool target_is_stack = false;
  Report report;  // what is known before the run
  // Verification, resolved with the stack's own settings.
  std::string metrics_url;      // empty: no ledger
  std::string sink_counts_url;  // empty: no sink
  Duration settle;
  SamplingPolicy sampling;
  bool predict_sampling = false;  // the target is said to sample
  std::vector<Threshold> thresholds;
  bool find_max = false;
};

// Files of the machine that a plan names, and the random numbers it draws.
struct Local {
  FileSystem& files;
  std::filesystem::path directory;  // relative paths start here
  Random& random;
  const Environment& environment;
};

// Everything but the payload, which takes long. `stack` may be null. Errors: those of
// resolve_target(), a scenario that cannot be read or has nothing to send, shards without a seed, a
// profile that needs a length of the run.
[[nodiscard]] Result<PreparedRun> plan_run(const RunOptions& options, const StackTarget* stack,
                                           const Local& local);

// Encodes the payload and fixes the numbers of requests. Errors: those of compile(), whole traces
// of a run that sends other signals too.
[[nodiscard]] Result<void> compile_payload(const RunOptions& options, PreparedRun& run);

// The payload of one trial of a search at `rate`, and in `plan` its numbers of requests: exact to
// the item, in requests that are small enough for that rate.
[[nodiscard]] Result<Payload> compile_trial(const PreparedRun& run, double rate, Plan& plan);

// True when a scenario is named by its file, not by the name of a shipped one.
[[nodiscard]] bool is_scenario_file(std::string_view name);

// Highest rate without confirmation to a target beyond this machine, items/s: enough to try a
// pipeline, harmless for whoever runs one by that address.
inline constexpr double k_safe_rate = 1000;

// Endpoints that would get more than the safe rate and are not on this machine. Resolves names.
[[nodiscard]] std::vector<otlp::Endpoint> endpoints_to_confirm(const PreparedRun& run);
// Code::usage unless `allowed` (entries of loadgen.targets) covers each of them.
[[nodiscard]] Result<void> check_allowed(const PreparedRun& run,
                                         const std::vector<otlp::Endpoint>& endpoints,
                                         const std::vector<std::string>& allowed);

// Below the safe rate nobody is asked, so what is sent again has to stay within it too: towards such
// endpoints retries get what the profile's peak leaves.
void limit_retries(PreparedRun& run);

// The plan for people, instead of running it; lines of text.
[[nodiscard]] std::string plan_text(const PreparedRun& run);
// The same for programs.
[[nodiscard]] std::string plan_json(const PreparedRun& run);

}  // namespace obsctl::loadgen
