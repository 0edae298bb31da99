// SPDX-License-Identifier: Apache-2.0
// Keeps a load test from flooding a system that nobody meant: beyond this machine and above the
// safe rate, a target must be allowed by name.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/loadgen/prepare.hpp"
#include "lib/model/load_target.hpp"

namespace obsctl::loadgen {
namespace {

// Items per second at the profile's peak; infinite when nothing bounds them.
double peak_items(const PreparedRun& run) {
  if (run.plan.max || run.find_max) {
    return INFINITY;
  }
  const double peak = run.plan.profile.peak();
  return run.plan.unit == Unit::requests ? peak * static_cast<double>(run.compile.batch) : peak;
}

// Endpoints beyond this machine. A stack may publish itself at any address of this machine, and
// only there: its obsctl.yaml may be somebody else's. Resolves names.
std::vector<otlp::Endpoint> strangers(const PreparedRun& run) {
  std::vector<otlp::Endpoint> out;
  std::ranges::copy_if(
      run.plan.client.endpoints, std::back_inserter(out), [&run](const otlp::Endpoint& one) {
        return run.target_is_stack ? !otlp::is_of_this_machine(one) : !otlp::is_loopback(one);
      });
  return out;
}

}  // namespace

std::vector<otlp::Endpoint> endpoints_to_confirm(const PreparedRun& run) {
  return peak_items(run) > k_safe_rate ? strangers(run) : std::vector<otlp::Endpoint>{};
}

void limit_retries(PreparedRun& run) {
  const double peak = peak_items(run);
  if (peak <= k_safe_rate && !strangers(run).empty()) {
    run.plan.retry_rate = k_safe_rate - peak;
  }
}

Result<void> check_allowed(const PreparedRun& run, const std::vector<otlp::Endpoint>& endpoints,
                           const std::vector<std::string>& allowed) {
  const double peak = peak_items(run);
  for (const otlp::Endpoint& endpoint : endpoints) {
    if (!load_allowed(allowed, endpoint.host, endpoint.port)) {
      return fail(
          Code::usage,
          fmt::format("'{}' is not on this machine, and {} exceeds the limit of {:.0f} "
                      "items/s for such targets",
                      endpoint.url(), std::isinf(peak) ? "an unlimited rate" : human_rate({peak}),
                      k_safe_rate),
          fmt::format("add '{}' to loadgen.targets in obsctl.yaml, or confirm",
                      endpoint.authority()));
    }
  }
  return {};
}

}  // namespace obsctl::loadgen
