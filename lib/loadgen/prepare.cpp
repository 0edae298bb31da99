// SPDX-License-Identifier: Apache-2.0
// Resolves the options of a run into a plan: scenario, rates, times, shards.
#include "lib/loadgen/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/loadgen/numbers.hpp"
#include "lib/loadgen/otel_environment.hpp"
#include "lib/loadgen/target.hpp"
#include "lib/loadgen/tier.hpp"

namespace obsctl::loadgen {
namespace {

constexpr double k_default_rate = 100;     // units/s
constexpr double k_default_duration = 10;  // seconds
constexpr Duration k_default_settle{30};

Result<Scenario> load_scenario(const std::string& name, const Local& local) {
  if (!is_scenario_file(name)) {
    return shipped_scenario(name);
  }
  OBS_TRY_ASSIGN(const std::string text, local.files.read(local.directory / name));
  return parse_scenario(text, name);
}

void shape_scenario(const LoadOptions& options, Scenario& scenario) {
  if (!options.signals.empty()) {
    const auto weight = [&options](otlp::Signal signal, double given) {
      const bool wanted = std::ranges::find(options.signals, signal) != options.signals.end();
      // A signal that the scenario has no weight for gets the weight of one.
      return wanted ? std::max(given, 1.0) : 0;
    };
    scenario.traces_rate = weight(otlp::Signal::traces, scenario.traces_rate);
    scenario.metrics_rate = weight(otlp::Signal::metrics, scenario.metrics_rate);
    scenario.logs_rate = weight(otlp::Signal::logs, scenario.logs_rate);
  }
  if (scenario.metrics.empty()) {
    scenario.metrics_rate = 0;
  }
  for (Service& service : scenario.services) {
    service.sent_name = options.service.value_or("");
  }
  for (const Attribute& attribute : options.attributes) {
    add_to_items(scenario, attribute);
  }
  if (options.span_size) {
    scenario.span_size = static_cast<std::size_t>(options.span_size->value);
  }
  if (options.record_size) {
    scenario.log_size = static_cast<std::size_t>(options.record_size->value);
  }
  scenario.series = options.series.value_or(scenario.series);
}

// Those that the scenario sends anything of.
std::vector<otlp::Signal> signals_of(const Scenario& scenario) {
  std::vector<otlp::Signal> out;
  const double rates[] = {scenario.traces_rate, scenario.metrics_rate, scenario.logs_rate};
  for (std::size_t i = 0; i < otlp::k_signals; ++i) {
    if (rates[i] > 0) {
      out.push_back(static_cast<otlp::Signal>(i));
    }
  }
  return out;
}

// Without a seed every run sends ids of its own: a backend that has seen a trace treats its spans
// differently.
Result<std::uint64_t> seed_of(const LoadOptions& options, Random& random) {
  if (options.seed) {
    return *options.seed;
  }
  if (options.shard.count > 1) {
    return fail(Code::usage, "shards of one plan need a common seed",
                "give all of them the same seed");
  }
  OBS_TRY_ASSIGN(const std::string token, random.token(16));
  std::uint64_t seed = 0;
  for (const char c : token) {
    seed = mix64(seed + static_cast<unsigned char>(c));
  }
  return seed % 1'000'000'000;  // short enough to be typed again
}

Result<void> plan_times(const LoadOptions& options, Random& random, Plan& plan) {
  plan.duration = options.duration ? options.duration->seconds
                  : options.count  ? 0
                                   : k_default_duration;
  plan.warmup = options.warmup.seconds;
  plan.workers = options.workers;
  plan.shard = options.shard.index;
  plan.shards = options.shard.count;
  plan.retry.mode = options.retry;
  OBS_TRY_ASSIGN(plan.seed, seed_of(options, random));
  return {};
}

Result<void> plan_rate(const LoadOptions& options, PreparedRun& out) {
  const Scenario& scenario = out.scenario;
  Plan& plan = out.plan;
  plan.max = options.max;
  plan.unit = options.unit;
  const double sum = scenario.traces_rate + scenario.metrics_rate + scenario.logs_rate;
  if (sum <= 0) {
    return fail(Code::usage,
                fmt::format("scenario '{}' has none of the signals to send", scenario.name),
                "choose other signals or another scenario");
  }
  out.rate = options.rate ? options.rate->per_second : options.tier ? sum : k_default_rate;
  if (out.rate <= 0) {
    return fail(Code::usage, "the rate must be above 0", "for example 100/s");
  }
  plan.share = {scenario.traces_rate / sum, scenario.metrics_rate / sum, scenario.logs_rate / sum};
  OBS_TRY_ASSIGN(plan.profile, Profile::parse(options.profile.value_or(scenario.profile), out.rate,
                                              plan.duration, "profile"));
  return {};
}

void plan_requests(const LoadOptions& options, PreparedRun& out) {
  CompileOptions& compile = out.compile;
  const Plan& plan = out.plan;
  compile.seed = plan.seed;
  compile.encoding = plan.client.encoding;
  compile.sequence = options.sequence;
  compile.batch = options.batch;
  if (!plan.max && plan.unit == Unit::items) {
    compile.traces_rate = out.rate * plan.share[0];
    compile.metrics_rate = out.rate * plan.share[1];
    compile.logs_rate = out.rate * plan.share[2];
  }
}

void plan_verification(const VerificationOptions& options, const StackTarget* stack,
                       PreparedRun& out) {
  out.metrics_url = options.metrics_url;
  if (out.metrics_url.empty() && out.target_is_stack) {
    out.metrics_url = stack->metrics_url;
  }
  out.sink_counts_url = options.sink_counts_url;
  out.settle = options.settle.value_or(k_default_settle);
  out.predict_sampling = stack != nullptr || options.keep.has_value();
  out.sampling.drops_noise = false;
  if (stack != nullptr) {
    out.sampling = stack->sampling;
  }
  out.sampling.keep = options.keep.value_or(Share{out.sampling.keep}).value;
  out.sampling.slow_threshold =
      options.slow_threshold.value_or(Duration{out.sampling.slow_threshold}).seconds;
  out.sampling.decision_wait =
      options.decision_wait.value_or(Duration{out.sampling.decision_wait}).seconds;
  out.thresholds = options.thresholds;
  out.find_max = options.find_max;
}

}  // namespace

bool is_scenario_file(std::string_view name) {
  return name.find('/') != std::string_view::npos || name.ends_with(".yaml") ||
         name.ends_with(".yml");
}

Result<PreparedRun> plan_run(const RunOptions& options, const StackTarget* stack,
                             const Local& local) {
  PreparedRun out;
  OBS_TRY_ASSIGN(out.scenario, load_scenario(options.load.scenario, local));
  if (options.load.tier) {
    out.report.tier = apply_tier(*options.load.tier, out.scenario);
  }
  shape_scenario(options.load, out.scenario);
  OBS_TRY(plan_times(options.load, local.random, out.plan));
  out.target = options.target;
  if (stack == nullptr || !out.target.endpoints.empty()) {
    OBS_TRY_ASSIGN(out.report.environment,
                   apply_otel_environment(local.environment, signals_of(out.scenario), out.target));
  }
  OBS_TRY_ASSIGN(Target target, resolve_target(out.target, stack, local.files, local.directory));
  out.plan.protocol = target.protocol;
  out.plan.client = std::move(target.client);
  out.target_is_stack = target.is_stack;
  OBS_TRY(plan_rate(options.load, out));
  plan_requests(options.load, out);
  plan_verification(options.verification, stack, out);
  return out;
}

}  // namespace obsctl::loadgen
