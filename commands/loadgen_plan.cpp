// SPDX-License-Identifier: Apache-2.0
// Declares the flags of a load test's plan and resolves them.
#include "commands/loadgen_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "commands/loadgen_stack.hpp"
#include "commands/spec_flags.hpp"
#include "commands/typed_flags.hpp"
#include "lib/base/text.hpp"
#include "lib/loadgen/scenario.hpp"

namespace obsctl {
namespace {

constexpr const char* k_target = "Target";
constexpr const char* k_load = "Load";

// A time to wait or to run that clocks can count in nanoseconds.
template <class F>
TypedValue into_time(F* field, double most, bool zero = false) {
  const auto parse = [most, zero](std::string_view text,
                                  std::string_view what) -> Result<Duration> {
    OBS_TRY_ASSIGN(const Duration out, parse_duration(text, what));
    if (out.seconds > most || (out.seconds <= 0 && !zero)) {
      return fail(Code::usage,
                  fmt::format("'{}' of '{}' is not between {} and {}", text, what,
                              zero ? "0s" : "1ms", print_duration({most})),
                  "for example 10s");
    }
    return out;
  };
  return typed_flags::into(field, parse, print_duration);
}

// A comma separates several; the flag may be repeated as well.
TypedValue into_signals(std::vector<otlp::Signal>* field) {
  TypedValue out = into_enum(field);
  out.read = [read = out.read](std::string_view text, std::string_view what) -> Result<void> {
    for (const std::string& one : split(text, ',')) {
      OBS_TRY(read(trim(one), what));
    }
    return {};
  };
  return out;
}

Result<Rate> parse_load_rate(std::string_view text, std::string_view what) {
  OBS_TRY_ASSIGN(const Rate out, parse_rate(text, what));
  if (out.per_second <= 0 || out.per_second > loadgen::k_max_rate) {
    return fail(Code::usage,
                fmt::format("'{}' of '{}' is not above 0 and at most {}", text, what,
                            print_rate({loadgen::k_max_rate})),
                "for example 100/s");
  }
  return out;
}

Result<double> parse_series(std::string_view text, std::string_view what) {
  OBS_TRY_ASSIGN(const double out, parse_count(text, what));
  if (out < 1 || out > static_cast<double>(loadgen::k_max_series) || out != std::floor(out)) {
    return fail(Code::usage,
                fmt::format("'{}' of '{}' is not a whole number from 1 to {}", text, what,
                            loadgen::k_max_series),
                "for example 100k");
  }
  return out;
}

Result<Bytes> parse_item_size(std::string_view text, std::string_view what) {
  OBS_TRY_ASSIGN(const Bytes out, parse_bytes(text, what));
  if (out.value < 1 || out.value > 1e6) {
    return fail(Code::usage, fmt::format("'{}' of '{}' is not between 1B and 1MB", text, what),
                "for example 1KB");
  }
  return out;
}

TypedValue into_item_size(std::optional<Bytes>* field) {
  return typed_flags::into(field, parse_item_size, print_bytes);
}

std::vector<Flag> connection_flags(loadgen::TargetOptions& target, bool& insecure) {
  return {
      {.name = "protocol",
       .value = "PROTOCOL",
       .into = into_enum(&target.transport),
       .env = "OTEL_EXPORTER_OTLP_PROTOCOL",
       .env_by_command = true,
       .fallback = "grpc",
       .group = k_target,
       .common = true,
       .doc = "set protocol and encoding"},
      {.name = "compression",
       .value = "NAME",
       .into = into_enum(&target.compression),
       .env = "OTEL_EXPORTER_OTLP_COMPRESSION",
       .env_by_command = true,
       .fallback = "none",
       .group = k_target,
       .doc = "compress each request"},
      {.name = "server-name",
       .value = "NAME",
       .into = &target.tls.server_name,
       .group = k_target,
       .doc = "expect this name in the server's certificate instead of the host"},
      {.name = "insecure-skip-verify",
       .into = &insecure,
       .group = k_target,
       .doc = "accept any server certificate"},
      {.name = "connections",
       .value = "N",
       .into = into_integer(&target.connections, 1, 1024),
       .group = k_target,
       .doc = "open N connections per worker, at least one per endpoint"},
      {.name = "streams",
       .value = "N",
       .into = into_integer(&target.streams, 1, 10'000),
       .fallback = "64",
       .group = k_target,
       .doc = "allow N gRPC requests in flight per connection"},
      {.name = "timeout",
       .value = "DURATION",
       .into = into_time(&target.timeout, loadgen::k_max_timeout_ms * 1e-3),
       .env = "OTEL_EXPORTER_OTLP_TIMEOUT",
       .env_by_command = true,
       .fallback = "10s",
       .group = k_target,
       .doc = "wait this long for a response"},
  };
}

std::vector<Flag> rate_flags(loadgen::LoadOptions& load, std::optional<std::string>& tier) {
  return {
      {.name = "signals",
       .value = "SIGNAL",
       .into = into_signals(&load.signals),
       .group = k_load,
       .doc = "send only these signals of the scenario, for example traces,logs"},
      {.name = "tier",
       .value = "TIER",
       .into = &tier,
       .choices = {"small", "medium", "large", "xlarge"},
       .excludes = {"rate", "max", "unit", "series"},
       .group = k_load,
       .common = true,
       .doc = "send a tier's documented load and check the result"},
      {.name = "rate",
       .short_name = 'r',
       .value = "RATE",
       .into = typed_flags::into(&load.rate, parse_load_rate, nullptr),
       .excludes = {"max"},
       .fallback = "100/s",
       .group = k_load,
       .common = true,
       .doc = "set the rate of all signals together, e.g. 50k/s"},
      {.name = "unit",
       .value = "UNIT",
       .into = into_enum(&load.unit),
       .group = k_load,
       .doc = "set what --rate counts: items (spans, points, records) or requests"},
      {.name = "profile",
       .value = "PROFILE",
       .into = &load.profile,
       .suggestions = {"constant", "ramp", "step:5", "spike:10x@20s+10s", "sine:50%/60s"},
       .fallback = "constant",
       .group = k_load,
       .doc = "change the rate over time: constant, ramp, step, spike, sine"},
      {.name = "duration",
       .short_name = 'd',
       .value = "DURATION",
       .into = into_time(&load.duration, loadgen::k_max_time),
       .fallback = "10s",
       .group = k_load,
       .common = true,
       .doc = "run this long"},
      {.name = "count",
       .short_name = 'n',
       .value = "N",
       .into = typed_flags::into(&load.count, loadgen::parse_item_count, nullptr),
       .group = k_load,
       .common = true,
       .doc = "send exactly N items, or '5ktraces', '500requests'"},
      {.name = "max",
       .into = &load.max,
       .excludes = {"unit", "profile"},
       .group = k_load,
       .common = true,
       .doc = "send as fast as the target responds (closed loop)"},
      {.name = "warmup",
       .value = "DURATION",
       .into = into_time(&load.warmup, loadgen::k_max_time, true),
       .group = k_load,
       .doc = "exclude this first part of the run from latency statistics"},
  };
}

std::vector<Flag> payload_flags(loadgen::LoadOptions& load) {
  return {
      {.name = "batch",
       .short_name = 'b',
       .value = "N",
       .into = into_integer(&load.batch, 1, 1'000'000),
       .group = k_load,
       .doc = "put N items into each request"},
      {.name = "workers",
       .value = "N",
       .into = into_integer(&load.workers, 1, 256),
       .group = k_load,
       .doc = "use N threads; one is enough for millions of spans per second"},
      {.name = "span-size",
       .value = "SIZE",
       .into = into_item_size(&load.span_size),
       .group = k_load,
       .doc = "pad every span to this size, for example 1KB"},
      {.name = "log-size",
       .value = "SIZE",
       .into = into_item_size(&load.record_size),
       .group = k_load,
       .doc = "pad every log record to this size, for example 300B"},
      {.name = "series",
       .value = "COUNT",
       .into = typed_flags::into(&load.series, parse_series, nullptr),
       .group = k_load,
       .doc = "send this many distinct metric series"},
      {.name = "service",
       .value = "NAME",
       .into = &load.service,
       .group = k_load,
       .doc = "send this service.name instead of the scenario's"},
      {.name = "attribute",
       .value = "KEY=VALUE",
       .into = typed_flags::into(&load.attributes, loadgen::parse_attribute, nullptr),
       .group = k_load,
       .doc = "add an attribute to every item: a number, true, false or text; may be repeated"},
      {.name = "sequence",
       .into = &load.sequence,
       .group = k_load,
       .doc = "number every item (attribute obsctl.seq) so that a sink finds duplicates"},
      {.name = "retry",
       .value = "MODE",
       .into = into_enum(&load.retry),
       .group = k_load,
       .doc = "set the retry policy: honour (follow OTLP), ignore (retry at once), off"},
  };
}

std::vector<Flag> security_flags(loadgen::TargetOptions& target) {
  return {
      {.name = "header",
       .short_name = 'H',
       .value = "NAME=VALUE",
       .into = &target.headers,
       .env = "OTEL_EXPORTER_OTLP_HEADERS",
       .env_by_command = true,
       .group = k_target,
       .doc = "add a header or gRPC metadata; may be repeated"},
      {.name = "bearer-file",
       .value = "FILE",
       .into = &target.bearer_file,
       .completes = "file",
       .group = k_target,
       .doc = "send the bearer token in this file"},
      {.name = "ca-file",
       .value = "FILE",
       .into = &target.tls.ca_file,
       .completes = "file",
       .env = "OTEL_EXPORTER_OTLP_CERTIFICATE",
       .env_by_command = true,
       .group = k_target,
       .doc = "trust this CA (PEM)"},
      {.name = "cert-file",
       .value = "FILE",
       .into = &target.tls.cert_file,
       .completes = "file",
       .needs = {"key-file"},
       .env = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
       .env_by_command = true,
       .group = k_target,
       .doc = "present this client certificate (PEM)"},
      {.name = "key-file",
       .value = "FILE",
       .into = &target.tls.key_file,
       .completes = "file",
       .needs = {"cert-file"},
       .env = "OTEL_EXPORTER_OTLP_CLIENT_KEY",
       .env_by_command = true,
       .group = k_target,
       .doc = "read the client certificate's key from this file (PEM)"},
  };
}

Flag stack_template_flag(LoadgenPlan& plan) {
  Flag out = template_dir_flag(&plan.template_dirs, k_target);
  out.needs = {"stack"};
  return out;
}

template <class... Lists>
std::vector<Flag> joined(Lists... lists) {
  std::vector<Flag> out;
  (std::ranges::move(lists, std::back_inserter(out)), ...);
  return out;
}

}  // namespace

std::vector<Flag> portable_flags(LoadgenPlan& plan) {
  loadgen::RunOptions& options = plan.options;
  return joined(connection_flags(options.target, plan.insecure),
                rate_flags(options.load, plan.tier), payload_flags(options.load),
                std::vector<Flag>{
                    {.name = "threshold",
                     .short_name = 't',
                     .value = "TEST",
                     .into = typed_flags::into(
                         &options.verification.thresholds,
                         [](std::string_view text, std::string_view) {
                           return loadgen::parse_threshold(text);
                         },
                         nullptr),
                     .suggestions = {"p99<50ms", "errors<0.1%", "loss<0.1%", "rate>99%", "late<1%"},
                     .group = "Verification",
                     .common = true,
                     .doc = "exit 3 unless this is met, for example 'p99<50ms'"}});
}

std::vector<Flag> local_flags(LoadgenPlan& plan) {
  loadgen::RunOptions& options = plan.options;
  return joined(
      std::vector<Flag>{{.name = "endpoint",
                         .short_name = 'e',
                         .value = "URL",
                         .into = &options.target.endpoints,
                         .env = "OTEL_EXPORTER_OTLP_ENDPOINT",
                         .env_by_command = true,
                         .fallback = "localhost:4317",
                         .group = k_target,
                         .common = true,
                         .doc = "set the target; repeat to spread connections"}},
      security_flags(options.target),
      std::vector<Flag>{
          {.name = "stack",
           .value = "DIR",
           .into = &plan.stack,
           .completes = "directory",
           .group = k_target,
           .common = true,
           .doc = "take endpoint, token, rates, policy from this stack"},
          stack_template_flag(plan),
          {.name = "yes",
           .short_name = 'y',
           .into = &plan.yes,
           .group = k_target,
           .doc = "confirm more than 1000 items/s to a target that is not on this machine"},
          {.name = "scenario",
           .short_name = 's',
           .value = "NAME|FILE",
           .into = &options.load.scenario,
           .suggestions = loadgen::scenario_names(),
           .completes = "file",
           .fallback = options.load.scenario,
           .group = k_load,
           .common = true,
           .doc = "choose what to send: 'obsctl help scenarios'"},
          {.name = "seed",
           .value = "N",
           .into = into_integer(&options.load.seed, 0, INT64_MAX),
           .fallback = "random",
           .group = k_load,
           .doc = "send the same bytes and ids as another run with this seed"}});
}

loadgen::Local local_of(Context& context) {
  return {context.files, context.environment.directory, context.random, context.environment};
}

Result<Planned> make_plan(Context& context, const LoadgenPlan& plan, bool sends) {
  Planned out;
  out.options = plan.options;
  out.options.target.tls.verify = !plan.insecure;
  out.options.target.user_agent = "obsctl-loadgen/" OBSCTL_VERSION;
  if (plan.stack) {
    OBS_TRY_ASSIGN(auto stack, open_stack_target(context, *plan.stack, plan.template_dirs));
    out.spec_file = std::move(stack.spec_file);
    out.stack = std::move(stack.target);
  }
  if (plan.tier) {
    OBS_TRY_ASSIGN(out.options.load.tier, tier_load(*plan.tier, out.stack));
  }
  const auto* stack = out.stack ? &*out.stack : nullptr;
  OBS_TRY_ASSIGN(out.run, loadgen::plan_run(out.options, stack, local_of(context)));
  if (sends && !plan.yes) {
    OBS_TRY(confirm_target(context, out.run, stack));
    loadgen::limit_retries(out.run);
  }
  OBS_TRY(loadgen::compile_payload(out.options, out.run));
  return out;
}

}  // namespace obsctl
