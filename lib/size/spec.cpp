// SPDX-License-Identifier: Apache-2.0
// Precedence of the sources of the spec, and what settings may say.
#include "lib/size/spec.hpp"

#include <fmt/format.h>

#include <cmath>

#include "lib/sizing/formulas.hpp"
#include "lib/stack/paths.hpp"
#include "lib/stack/stack.hpp"

namespace obsctl::size {
namespace {

namespace fs = std::filesystem;

// True when the settings name the key.
bool sets(const Options& options, std::string_view key) {
  return std::ranges::any_of(options.settings, [key](const std::string& setting) {
    return setting.starts_with(key) && setting.substr(key.size()).starts_with('=');
  });
}

// A total is spread over spans, lines and series as the tier's throughput table does.
Result<void> apply_events(const Options& options, const sizing::Catalogs& catalogs, bool tier_given,
                          SpecSource& out) {
  if (!options.events) {
    return {};
  }
  if (sets(options, "traces.spans") || sets(options, "logs.lines")) {
    return fail(Code::usage,
                "a total of events and a rate of spans or log records exclude each other",
                "give the total, or the parts");
  }
  const double events = options.events->per_second;
  if (!tier_given) {
    out.spec.tier = catalog::tier_for(catalogs.tiers, events, 0).name;
    out.tier_by_load = true;
  }
  OBS_TRY_ASSIGN(const catalog::Tier* tier, catalogs.tier(out.spec.tier));
  const catalog::TierRates& mix = tier->rates;
  const double factor = events / (mix.spans.per_second + mix.lines.per_second);
  out.spec.traces.spans = Rate{mix.spans.per_second * factor};
  out.spec.logs.lines = Rate{mix.lines.per_second * factor};
  if (!sets(options, "metrics.series")) {
    out.spec.metrics.series = mix.series * factor;
  }
  return {};
}

Result<void> apply_reduction(const Options& options, StackSpec& spec) {
  if (!options.reduction) {
    return {};
  }
  if (sets(options, "traces.keep")) {
    return fail(Code::usage, "'traces.keep' and a reduction say the same thing in two ways",
                "give one of them");
  }
  const Share reduction = *options.reduction;
  const double errors = spec.traces.errors.value;
  const double slow = spec.traces.slow.value;
  const double keep = sizing::keep_for_reduction(reduction.value, errors, slow);
  if (keep < 0) {
    return fail(
        Code::usage,
        fmt::format("a reduction of {} is impossible: errors ({}) and slow traces ({}) are kept",
                    print_share(reduction), print_share({errors}), print_share({slow})),
        fmt::format("at most {:.4g}%, or change traces.errors and traces.slow with --set",
                    (1 - errors - slow) * 100));
  }
  // Below what errors and slow traces cost, everything is kept.
  spec.traces.keep = Share{std::min(keep, 1.0)};
  spec.traces.keep_all_below = {0};  // the reduction is of all traces
  return {};
}

Result<void> check_numbers(const StackSpec& spec) {
  if (spec.sizing.kafka_brokers != std::floor(spec.sizing.kafka_brokers)) {
    return fail(Code::usage, "'sizing.kafka_brokers' must be a whole number");
  }
  if (spec.traces.errors.value + spec.traces.slow.value > 1) {
    return fail(Code::usage, "'traces.errors' and 'traces.slow' are together more than all traces");
  }
  return validate_spec(spec);
}

}  // namespace

Result<SpecSource> read_source(const Services& services, const Options& options) {
  SpecSource out;
  if (options.spec) {
    out.text = options.spec->text;
    out.shown = options.spec->shown;
    OBS_TRY_ASSIGN(out.spec, read_spec(out.text, out.shown));
    return out;
  }
  if (options.spec_file) {
    out.file = services.environment.directory / *options.spec_file;
    out.shown = *options.spec_file;
    OBS_TRY_ASSIGN(out.text, services.files.read(out.file));
    OBS_TRY_ASSIGN(out.spec, read_spec(out.text, out.shown));
    return out;
  }
  const auto directory = stack::find(services.files, services.environment.directory);
  if (!directory) {
    return out;
  }
  OBS_TRY(stack::check_owner(services.files, services.environment, *directory));
  OBS_TRY_ASSIGN(auto found, stack::read_spec_file(services.files, services.environment,
                                                   *directory / stack_paths::spec));
  return SpecSource{.spec = std::move(found.spec),
                    .file = std::move(found.path),
                    .shown = std::move(found.shown),
                    .text = std::move(found.text)};
}

Result<void> apply_options(const Options& options, const sizing::Catalogs& catalogs,
                           SpecSource& out) {
  for (const auto& setting : options.settings) {
    OBS_TRY(set_field(out.spec, setting));
  }
  const bool tier_given = !out.shown.empty() || sets(options, "tier");
  OBS_TRY(apply_events(options, catalogs, tier_given, out));
  if (!tier_given && !options.events) {
    out.tier_by_load = sizing::states_load(out.spec);
    out.spec.tier = sizing::tier_by_load(out.spec, catalogs);
  }
  OBS_TRY(apply_reduction(options, out.spec));
  return check_numbers(out.spec);
}

}  // namespace obsctl::size
