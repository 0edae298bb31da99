// SPDX-License-Identifier: Apache-2.0
// Reads what a load test wants to know about a stack.
#include "commands/loadgen_stack.hpp"

#include "lib/catalog/tiers.hpp"
#include "lib/stack/endpoints.hpp"
#include "lib/stack/paths.hpp"
#include "lib/stack/receivers.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

// Rates are a stack's or a tier's; how large an item is, the spec says.
template <class Rates>
loadgen::TierLoad load_of(const std::string& tier, const Rates& rates, const StackSpec& spec) {
  return {.tier = tier,
          .spans = rates.spans.per_second,
          .series = rates.series,
          .records = rates.lines.per_second,
          .interval = spec.metrics.scrape_interval,
          .span_size = spec.traces.span_size,
          .record_size = spec.logs.line_size};
}

void set_addresses(loadgen::StackTarget& out, const stack::Stack& opened, const fs::path& here) {
  const stack::Receivers receivers = stack::receivers(opened);
  out.allowed = opened.spec.loadgen.targets;
  out.grpc_endpoint = receivers.grpc;
  out.http_endpoint = receivers.http;
  out.ca_file = receivers.ca_file.string();
  if (!receivers.token_file.empty()) {
    out.token_file = receivers.token_file.lexically_proximate(here).string();
  }
  if (const Provider* receiver = opened.topology.provider("telemetry.in")) {
    const Component* collector = opened.topology.find(receiver->component);
    out.metrics_url = stack::metrics_url(*collector).value_or("");
  }
}

}  // namespace

Result<OpenedStack> open_stack_target(Context& context, const std::string& directory,
                                      const std::vector<std::string>& template_dirs) {
  const fs::path here = context.environment.directory;
  OBS_TRY_ASSIGN(const stack::Stack opened,
                 stack::open(context.files, context.environment, here / directory, template_dirs));
  const StackSpec& spec = opened.spec;
  OpenedStack out;
  out.spec_file = opened.directory / stack_paths::spec;
  set_addresses(out.target, opened, here);
  out.target.sampling = {.slow_threshold = spec.traces.slow_threshold.seconds,
                         .keep = spec.traces.keep.value,
                         .keep_all_below = spec.traces.keep_all_below.per_second,
                         .decision_wait = spec.traces.decision_wait.seconds,
                         .drops_noise = true};
  out.target.load = load_of(spec.tier, opened.topology.load, spec);
  return out;
}

Result<loadgen::TierLoad> tier_load(const std::string& tier,
                                    const std::optional<loadgen::StackTarget>& stack) {
  if (stack && stack->load.tier == tier) {
    return stack->load;
  }
  OBS_TRY_ASSIGN(const catalog::Tier row, catalog::tier(tier));
  return load_of(tier, row.rates, StackSpec{});
}

Result<void> confirm_target(Context& context, const loadgen::PreparedRun& run,
                            const loadgen::StackTarget* stack) {
  const auto endpoints = loadgen::endpoints_to_confirm(run);
  if (endpoints.empty()) {
    return {};
  }
  // The list is read only when the answer depends on it, so that a broken file stops nobody else.
  std::vector<std::string> allowed;
  const fs::path file = context.environment.directory / stack_paths::spec;
  if (stack != nullptr) {
    allowed = stack->allowed;
  } else if (context.files.exists(file)) {
    OBS_TRY_ASSIGN(const std::string text, context.files.read(file));
    OBS_TRY_ASSIGN(const StackSpec spec, read_spec(text, stack_paths::spec));
    allowed = spec.loadgen.targets;
  }
  auto checked = loadgen::check_allowed(run, endpoints, allowed);
  if (!checked) {
    checked.error().hint +=
        stack != nullptr ? " with --yes" : " with --yes; --stack DIR names the stack it belongs to";
  }
  return checked;
}

}  // namespace obsctl
