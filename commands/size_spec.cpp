// From the command line and obsctl.yaml to the spec that is sized.
#include <fmt/format.h>

#include <cmath>

#include "commands/size_options.hpp"
#include "lib/base/text.hpp"
#include "lib/sizing/formulas.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_file = "obsctl.yaml";

// The obsctl.yaml of this or the nearest parent directory; empty when there is none.
fs::path find_spec(const Context& context) {
  for (fs::path dir = context.environment.directory;; dir = dir.parent_path()) {
    if (context.files.exists(dir / k_file)) {
      return dir / k_file;
    }
    if (dir == dir.parent_path()) {
      return {};
    }
  }
}

Result<void> apply_flags(const SizeOptions& options, StackSpec& spec) {
  for (const auto& setting : options.settings) {
    OBS_TRY(set_field(spec, setting));
  }
  for (std::size_t i = 0; i < k_size_flags.size(); ++i) {
    const auto& value = options.fields.at(i);
    if (!value) {
      continue;
    }
    if (auto set = set_field(spec, k_size_flags.at(i).key, *value); !set) {
      return Failure(in_terms_of_flag(std::move(set).error(), k_size_flags.at(i)));
    }
  }
  spec.sizing.ha = spec.sizing.ha || options.ha;
  return {};
}

// --events spreads a total over spans, lines and series as the tier's throughput table does.
Result<void> apply_events(const SizeOptions& options, const sizing::Catalogs& catalogs,
                          bool tier_given, SizeSpec& out) {
  if (!options.events) {
    return {};
  }
  if (options.given("spans") || options.given("lines")) {
    return fail(Code::usage, "'--events' cannot be combined with '--spans' or '--lines'",
                "give the total, or the parts");
  }
  OBS_TRY_ASSIGN(const Rate events, parse_rate(*options.events, "--events"));
  if (!tier_given) {
    out.spec.tier = catalog::tier_for(catalogs.tiers, events.per_second, 0).name;
    out.tier_by_load = true;
  }
  OBS_TRY_ASSIGN(const catalog::Tier* tier, catalogs.tier(out.spec.tier));
  const catalog::TierRates& mix = tier->rates;
  const double factor = events.per_second / (mix.spans.per_second + mix.lines.per_second);
  out.spec.traces.spans = Rate{mix.spans.per_second * factor};
  out.spec.logs.lines = Rate{mix.lines.per_second * factor};
  if (!options.given("series")) {
    out.spec.metrics.series = mix.series * factor;
  }
  return {};
}

Result<void> apply_reduction(const SizeOptions& options, StackSpec& spec) {
  if (!options.reduction) {
    return {};
  }
  if (options.given("keep")) {
    return fail(Code::usage, "'--keep' and '--reduction' say the same thing in two ways",
                "give one of them");
  }
  OBS_TRY_ASSIGN(const Share reduction, parse_share(*options.reduction, "--reduction"));
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
  return {};
}

// A number beyond every real stack is a slip of the keyboard, and its products would overflow.
Result<void> check_bounds(const StackSpec& spec) {
  struct Bound {
    const char* key;
    double value;
    double most;
    const char* most_text;
  };
  const auto rate = [](const std::optional<Rate>& value) { return value ? value->per_second : 0; };
  const auto days = [](const std::optional<Duration>& value) { return value ? value->days() : 0; };
  const Bound bounds[] = {
      {"traces.spans", rate(spec.traces.spans), 1e12, "1e12/s"},
      {"traces.traces", rate(spec.traces.traces), 1e12, "1e12/s"},
      {"traces.span_size", spec.traces.span_size.value, 1e9, "1GB"},
      {"traces.storage_factor", spec.traces.storage_factor.value_or(0), 100, "100"},
      {"traces.retention", days(spec.traces.retention), 36500, "36500d"},
      {"metrics.series", spec.metrics.series.value_or(0), 1e12, "1e12"},
      {"metrics.sample_size", spec.metrics.sample_size.value_or(Bytes{0}).value, 1e6, "1MB"},
      {"metrics.retention", days(spec.metrics.retention), 36500, "36500d"},
      {"logs.lines", rate(spec.logs.lines), 1e12, "1e12/s"},
      {"logs.line_size", spec.logs.line_size.value, 1e9, "1GB"},
      {"logs.streams", spec.logs.streams.value_or(0), 1e12, "1e12"},
      {"logs.storage_factor", spec.logs.storage_factor.value_or(0), 100, "100"},
      {"logs.retention", days(spec.logs.retention), 36500, "36500d"},
      {"sizing.replication", spec.sizing.replication, 100, "100"},
      {"sizing.kafka_brokers", spec.sizing.kafka_brokers, 1e5, "100k"},
      {"sizing.kafka_partitions", spec.sizing.kafka_partitions, 1e6, "1M"},
  };
  for (const auto& bound : bounds) {
    if (bound.value > bound.most) {
      return fail(Code::usage, fmt::format("'{}' is more than any stack has", bound.key),
                  fmt::format("at most {}", bound.most_text));
    }
  }
  return {};
}

Result<void> check_numbers(const StackSpec& spec) {
  if (spec.sizing.replication < 1) {
    return fail(Code::usage, "'sizing.replication' must be at least 1", "1 means a single copy");
  }
  if (spec.sizing.kafka_brokers != std::floor(spec.sizing.kafka_brokers)) {
    return fail(Code::usage, "'sizing.kafka_brokers' must be a whole number");
  }
  if (spec.traces.errors.value + spec.traces.slow.value > 1) {
    return fail(Code::usage, "'traces.errors' and 'traces.slow' are together more than all traces");
  }
  OBS_TRY(check_bounds(spec));
  return validate_spec(spec);
}

}  // namespace

bool SizeOptions::given(std::string_view flag) const {
  for (std::size_t i = 0; i < k_size_flags.size(); ++i) {
    if (k_size_flags.at(i).flag == flag) {
      return fields.at(i).has_value();
    }
  }
  return false;
}

Result<SizeSpec> read_size_spec(Context& context, const SizeOptions& options) {
  SizeSpec out;
  if (options.spec_file == "-") {
    OBS_TRY_ASSIGN(out.text, context.terminal.read_stdin());
    OBS_TRY_ASSIGN(out.spec, read_spec(out.text, "standard input"));
    out.shown_file = "standard input";
    return out;
  }
  out.file =
      options.spec_file ? context.environment.directory / *options.spec_file : find_spec(context);
  if (out.file.empty()) {
    return out;
  }
  out.shown_file = options.spec_file
                       ? *options.spec_file
                       : out.file.lexically_relative(context.environment.directory).string();
  OBS_TRY_ASSIGN(out.text, context.files.read(out.file));
  OBS_TRY_ASSIGN(out.spec, read_spec(out.text, out.shown_file));
  return out;
}

Result<void> apply_size_options(const SizeOptions& options, const sizing::Catalogs& catalogs,
                                SizeSpec& out) {
  OBS_TRY(apply_flags(options, out.spec));
  bool tier_given = options.given("tier") || !out.shown_file.empty();
  for (const auto& setting : options.settings) {
    tier_given = tier_given || setting.starts_with("tier=");
  }
  OBS_TRY(apply_events(options, catalogs, tier_given, out));
  if (!tier_given && !options.events) {
    out.tier_by_load = sizing::states_load(out.spec);
    out.spec.tier = sizing::tier_by_load(out.spec, catalogs);
  }
  OBS_TRY(apply_reduction(options, out.spec));
  return check_numbers(out.spec);
}

}  // namespace obsctl
