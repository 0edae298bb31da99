// From the command line to a plan: rates, counts, profile, payload.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "commands/loadgen_options.hpp"
#include "lib/base/text.hpp"

namespace obsctl {
namespace {

using loadgen::Scenario;

constexpr double k_default_rate = 100;     // units/s
constexpr double k_default_duration = 10;  // seconds

// A scenario's or a counted run's number with an optional word behind it: "100ktraces".
struct Count {
  double number = 0;
  std::string word = "items";
};

Result<Count> parse_counted(const std::string& text) {
  Count out;
  const auto at = text.find_first_not_of("0123456789.kKM");
  const std::string_view number = std::string_view(text).substr(0, at);
  if (at != std::string::npos) {
    out.word = trim(std::string_view(text).substr(at));
  }
  OBS_TRY_ASSIGN(out.number, parse_count(number, "--count"));
  if (out.word != "items" && out.word != "traces" && out.word != "requests") {
    return fail(Code::usage,
                fmt::format("'{}' of --count is not items, traces or requests", out.word),
                "for example --count 100k, --count 100ktraces or --count 500requests");
  }
  if (out.number < 1 || out.number > 1e15 || out.number != std::floor(out.number)) {
    return fail(Code::usage, fmt::format("'--count {}' is not a whole number above 0", text));
  }
  return out;
}

Result<Scenario> load_scenario(Context& context, const LoadgenOptions& options) {
  const std::string name = options.scenario.value_or("shop");
  if (!is_scenario_file(name)) {
    return loadgen::shipped_scenario(name);
  }
  OBS_TRY_ASSIGN(const std::string text, context.files.read(context.environment.directory / name));
  return loadgen::parse_scenario(text, name);
}

Result<void> shape_scenario(const LoadgenOptions& options, Scenario& scenario) {
  if (!options.signals.empty()) {
    const auto wanted = [&options](const char* name) {
      return std::ranges::find(options.signals, name) != options.signals.end();
    };
    // A signal that the scenario has no weight for gets the weight of one.
    scenario.traces_rate = wanted("traces") ? std::max(scenario.traces_rate, 1.0) : 0;
    scenario.metrics_rate = wanted("metrics") ? std::max(scenario.metrics_rate, 1.0) : 0;
    scenario.logs_rate = wanted("logs") ? std::max(scenario.logs_rate, 1.0) : 0;
  }
  if (scenario.metrics.empty()) {
    scenario.metrics_rate = 0;
  }
  const auto size = [](const std::optional<std::string>& text, const char* what,
                       std::size_t& into) -> Result<void> {
    if (text) {
      OBS_TRY_ASSIGN(const Bytes bytes, parse_bytes(*text, what));
      if (bytes.value < 1 || bytes.value > 1e6) {
        return fail(Code::usage, fmt::format("'{} {}' is not between 1B and 1MB", what, *text));
      }
      into = static_cast<std::size_t>(bytes.value);
    }
    return {};
  };
  OBS_TRY(size(options.span_size, "--span-size", scenario.span_size));
  OBS_TRY(size(options.log_size, "--log-size", scenario.log_size));
  if (options.series) {
    OBS_TRY_ASSIGN(scenario.series, parse_count(*options.series, "--series"));
  }
  return {};
}

// Without --seed every run sends ids of its own: a backend that has seen a trace treats its spans
// differently.
Result<std::uint64_t> read_seed(Context& context, const LoadgenOptions& options) {
  if (options.seed) {
    OBS_TRY_ASSIGN(const auto seed, parse_integer(*options.seed, "--seed", 0, INT64_MAX));
    return static_cast<std::uint64_t>(seed);
  }
  if (options.shard.find('/') != std::string::npos && options.shard != LoadgenOptions().shard) {
    return fail(Code::usage, "shards of one plan need one '--seed'",
                "give all of them the same number");
  }
  OBS_TRY_ASSIGN(const std::string token, context.random.token(16));
  std::uint64_t seed = 0;
  for (const char c : token) {
    seed = loadgen::mix64(seed + static_cast<unsigned char>(c));
  }
  return seed % 1'000'000'000;  // short enough to be typed again
}

Result<void> read_shard(const LoadgenOptions& options, loadgen::Plan& plan) {
  const auto slash = options.shard.find('/');
  if (slash == std::string::npos) {
    return fail(Code::usage, fmt::format("'--shard {}' is not K/N", options.shard),
                "for example --shard 0/4");
  }
  OBS_TRY_ASSIGN(plan.shards,
                 parse_integer(options.shard.substr(slash + 1), "--shard", 1, 100'000));
  OBS_TRY_ASSIGN(plan.shard,
                 parse_integer(options.shard.substr(0, slash), "--shard", 0, plan.shards - 1));
  if (options.find_max && plan.shards > 1) {
    return fail(Code::usage, "'--find-max' and '--shard' exclude each other",
                "a search needs the whole load in one hand; --workers uses more cores");
  }
  return {};
}

Result<void> read_times(Context& context, const LoadgenOptions& options, loadgen::Plan& plan) {
  plan.duration = options.count ? 0 : k_default_duration;
  if (options.duration) {
    OBS_TRY_ASSIGN(const Duration duration, parse_duration(*options.duration, "--duration"));
    if (duration.seconds <= 0) {
      return fail(Code::usage, "'--duration' must be longer than 0", "every run has an end");
    }
    plan.duration = duration.seconds;
  }
  OBS_TRY_ASSIGN(const Duration warmup, parse_duration(options.warmup, "--warmup"));
  plan.warmup = warmup.seconds;
  OBS_TRY_ASSIGN(const auto workers, parse_integer(options.workers, "--workers", 1, 256));
  plan.workers = static_cast<unsigned>(workers);
  OBS_TRY_ASSIGN(plan.seed, read_seed(context, options));
  OBS_TRY(read_shard(options, plan));
  plan.retry.mode = options.retry == "honour"   ? otlp::RetryMode::honour
                    : options.retry == "ignore" ? otlp::RetryMode::ignore
                                                : otlp::RetryMode::off;
  return {};
}

Result<void> read_rate(const LoadgenOptions& options, Prepared& out) {
  const Scenario& scenario = out.scenario;
  out.plan.max = options.max;
  out.plan.unit = options.unit == "requests" ? loadgen::Unit::requests : loadgen::Unit::items;
  if (options.max && options.rate) {
    return fail(Code::usage, "'--max' and '--rate' exclude each other", "--max has no rate");
  }
  const double sum = scenario.traces_rate + scenario.metrics_rate + scenario.logs_rate;
  out.rate = options.tier ? sum : k_default_rate;
  if (options.rate) {
    OBS_TRY_ASSIGN(const Rate rate, parse_rate(*options.rate, "--rate"));
    out.rate = rate.per_second;
  }
  if (out.rate <= 0) {
    return fail(Code::usage, "the rate must be above 0");
  }
  if (sum <= 0) {
    return fail(Code::usage, fmt::format("nothing is left of scenario '{}' to send", scenario.name),
                "choose other --signals");
  }
  out.plan.share = {scenario.traces_rate / sum, scenario.metrics_rate / sum,
                    scenario.logs_rate / sum};
  OBS_TRY_ASSIGN(out.plan.profile,
                 loadgen::Profile::parse(options.profile.value_or(scenario.profile), out.rate,
                                         out.plan.duration, "--profile"));
  return {};
}

// Whole numbers of items per signal that add up to the count, by the largest remainder.
std::array<std::int64_t, 3> split_count(double count, const std::array<double, 3>& share) {
  std::array<std::int64_t, 3> out{};
  std::int64_t left = static_cast<std::int64_t>(count);
  std::array<double, 3> rest{};
  for (std::size_t i = 0; i < 3; ++i) {
    out[i] = static_cast<std::int64_t>(std::floor(count * share[i]));
    rest[i] = count * share[i] - static_cast<double>(out[i]);
    left -= out[i];
  }
  for (; left > 0; --left) {
    const auto at = static_cast<std::size_t>(std::ranges::max_element(rest) - rest.begin());
    ++out[at];
    rest[at] = -1;
  }
  return out;
}

Result<void> read_compile(const LoadgenOptions& options, Prepared& out) {
  loadgen::CompileOptions& compile = out.compile;
  compile.seed = out.plan.seed;
  compile.encoding = out.plan.client.encoding;
  compile.sequence = options.sequence;
  OBS_TRY_ASSIGN(compile.batch, parse_integer(options.batch, "--batch", 1, 1'000'000));
  if (!out.plan.max && out.plan.unit == loadgen::Unit::items) {
    compile.traces_rate = out.rate * out.plan.share[0];
    compile.metrics_rate = out.rate * out.plan.share[1];
    compile.logs_rate = out.rate * out.plan.share[2];
  }
  return {};
}

Result<void> compile_payload(const LoadgenOptions& options, Prepared& out) {
  std::optional<Count> count;
  if (options.count) {
    OBS_TRY_ASSIGN(count, parse_counted(*options.count));
    const auto split = split_count(count->number, out.plan.share);
    if (count->word == "items") {
      out.compile.spans = split[0];
      out.compile.points = split[1];
      out.compile.records = split[2];
    } else if (count->word == "traces") {
      if (out.plan.share[0] < 1) {
        return fail(Code::usage, "whole traces can be counted only when nothing else is sent",
                    "add --signals traces");
      }
      out.compile.whole_traces = static_cast<std::int64_t>(count->number);
    }
  }
  loadgen::Plan& plan = out.plan;
  const bool timed = !count && !plan.max && !options.find_max && plan.unit == loadgen::Unit::items;
  if (timed) {
    // A rate over a time is a count too, and the last request is shortened to make it exact.
    const auto split = split_count(std::round(plan.profile.due_by(plan.duration)), plan.share);
    out.compile.spans = split[0];
    out.compile.points = split[1];
    out.compile.records = split[2];
  }
  OBS_TRY_ASSIGN(out.payload, loadgen::compile(out.scenario, out.compile));
  plan.payload = &out.payload;
  if (!count && !timed) {
    return {};
  }
  if (count && count->word == "requests") {
    plan.requests = split_count(count->number, plan.share);
    return {};
  }
  const std::array<std::int64_t, 3> items = {out.payload.total_spans, out.compile.points,
                                             out.compile.records};
  const std::array<const std::optional<loadgen::Ring>*, 3> rings = {
      &out.payload.traces, &out.payload.metrics, &out.payload.logs};
  for (std::size_t i = 0; i < 3; ++i) {
    if (*rings[i]) {
      plan.requests[i] = loadgen::requests_for(**rings[i], items[i]);
    }
  }
  return {};
}

// Units that the schedule of all shards holds within the time and the counts.
double expected_units(const Prepared& prepared) {
  const loadgen::Plan& plan = prepared.plan;
  if (plan.max) {
    return 0;
  }
  double sum = 0;
  const std::array<const std::optional<loadgen::Ring>*, 3> rings = {
      &prepared.payload.traces, &prepared.payload.metrics, &prepared.payload.logs};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!*rings[i]) {
      continue;
    }
    double due = plan.duration > 0 ? plan.profile.due_by(plan.duration) * plan.share[i] : INFINITY;
    if (plan.requests[i] >= 0) {
      const loadgen::Ring& ring = **rings[i];
      double counted = static_cast<double>(plan.requests[i]);
      if (plan.unit == loadgen::Unit::items) {
        counted = static_cast<double>(ring.items_before(plan.requests[i]));
        if (ring.tail_request >= 0 && ring.tail_request == plan.requests[i] - 1) {
          counted = static_cast<double>(ring.items_before(ring.tail_request) +
                                        ring.requests[ring.size].items);
        }
      }
      // Counts were rounded to whole items, so they may lie above the schedule by less than one.
      due = counted < due + 1 ? counted : due;
    }
    sum += due;
  }
  return sum / static_cast<double>(plan.shards);
}

void describe(const LoadgenOptions& options, Prepared& out) {
  loadgen::Report& report = out.report;
  report.scenario = out.scenario.name;
  report.fingerprint = out.payload.fingerprint;
  report.seed = out.plan.seed;
  report.protocol = options.protocol;
  report.compression = options.compression;
  report.profile = out.plan.max ? "max" : out.plan.profile.text();
  report.unit = options.unit;
  report.asked_rate = out.plan.max ? 0 : out.rate / static_cast<double>(out.plan.shards);
  report.expected = expected_units(out);
  report.duration = out.plan.duration;
  report.warmup = out.plan.warmup;
  report.shard = out.plan.shard;
  report.shards = out.plan.shards;
}

}  // namespace

bool is_scenario_file(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".yaml") || name.ends_with(".yml");
}

Result<Prepared> prepare_loadgen(Context& context, const LoadgenOptions& options) {
  Prepared out;
  OBS_TRY_ASSIGN(out.stack, find_stack(context, options));
  OBS_TRY_ASSIGN(out.scenario, load_scenario(context, options));
  OBS_TRY(apply_tier(options, out));
  OBS_TRY(shape_scenario(options, out.scenario));
  OBS_TRY(read_times(context, options, out.plan));
  OBS_TRY(prepare_target(context, options, out));
  OBS_TRY(read_rate(options, out));
  OBS_TRY(read_compile(options, out));
  OBS_TRY(check_target(context, options, out));
  OBS_TRY(compile_payload(options, out));
  if (out.report.certificate) {
    // Only what is sent is certified.
    loadgen::Certificate& load = *out.report.certificate;
    load.spans = out.payload.traces ? load.spans : 0;
    load.points = out.payload.metrics ? load.points : 0;
    load.records = out.payload.logs ? load.records : 0;
  }
  for (const std::string& text : options.thresholds) {
    OBS_TRY_ASSIGN(auto threshold, loadgen::parse_threshold(text));
    out.thresholds.push_back(std::move(threshold));
  }
  out.ledger =
      options.ledger.value_or(out.stack && options.endpoints.empty() ? out.stack->ledger : "");
  describe(options, out);
  return out;
}

}  // namespace obsctl
