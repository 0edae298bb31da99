// Reads what a load test wants to know about a stack.
#include "commands/loadgen_stack.hpp"

#include <fmt/format.h>

#include "commands/stack_templates.hpp"
#include "lib/catalog/tiers.hpp"
#include "lib/render/stack.hpp"
#include "lib/topology/build.hpp"

namespace obsctl {
namespace {

namespace fs = std::filesystem;

int port_of(const Topology& topology, const std::string& name, int fallback) {
  const Port* port = topology.port(name);
  return port == nullptr || port->host == 0 ? fallback : port->host;
}

// An address that listens everywhere is reached on this machine.
std::string host_of(const std::string& bind) {
  if (bind == "0.0.0.0" || bind == "::" || bind.empty()) {
    return "localhost";
  }
  return bind.find(':') != std::string::npos ? "[" + bind + "]" : bind;
}

loadgen::TierLoad load_of(const StackSpec& spec, const Topology& topology) {
  return {.tier = spec.tier,
          .spans = topology.load.spans.per_second,
          .series = topology.load.series,
          .records = topology.load.lines.per_second,
          .interval = spec.metrics.scrape_interval,
          .span_size = spec.traces.span_size,
          .record_size = spec.logs.line_size};
}

void set_addresses(loadgen::StackTarget& out, const StackSpec& spec, const Topology& topology) {
  const std::string scheme = spec.security.tls == Tls::off ? "http" : "https";
  const std::string host = host_of(spec.security.bind);
  const std::string grpc = fmt::format("{}:{}", host, port_of(topology, "otlp-grpc", 4317));
  const std::string http = fmt::format("{}:{}", host, port_of(topology, "otlp-http", 4318));
  out.grpc_endpoint = scheme + "://" + grpc;
  out.http_endpoint = scheme + "://" + http;
  out.allowed = spec.loadgen.targets;
  out.allowed.push_back(grpc);
  out.allowed.push_back(http);
  const Port* metrics = topology.port("collector-metrics");
  out.metrics_url =
      fmt::format("http://{}:{}/metrics", metrics == nullptr ? host : host_of(metrics->bind),
                  port_of(topology, "collector-metrics", 8888));
}

}  // namespace

Result<OpenedStack> open_stack_target(Context& context, const std::string& directory,
                                      const std::vector<std::string>& template_dirs) {
  const fs::path dir = context.environment.directory / directory;
  OpenedStack out;
  out.spec_file = dir / stack_paths::spec;
  if (!context.files.exists(out.spec_file)) {
    return fail(Code::missing, fmt::format("there is no obsctl.yaml in '{}'", directory),
                "'obsctl init' generates a stack; --endpoint sends to any other target");
  }
  OBS_TRY_ASSIGN(const std::string text, context.files.read(out.spec_file));
  OBS_TRY_ASSIGN(const StackSpec spec,
                 read_spec(text, (fs::path(directory) / stack_paths::spec).string()));
  OBS_TRY_ASSIGN(const auto templates, load_stack_templates(context, template_dirs, dir));
  OBS_TRY_ASSIGN(const auto stack, size_and_build(spec, templates.catalogs));
  set_addresses(out.target, spec, stack.topology);
  if (spec.security.tls == Tls::self_signed) {
    out.target.ca_file = (dir / stack_paths::tls_ca).string();
  }
  if (spec.security.auth == Auth::bearer) {
    out.target.token_file = (fs::path(directory) / stack_paths::otlp_secret).string();
  }
  out.target.sampling = {.slow_threshold = spec.traces.slow_threshold.seconds,
                         .keep = spec.traces.keep.value,
                         .decision_wait = spec.traces.decision_wait.seconds,
                         .drops_noise = true};
  out.target.load = load_of(spec, stack.topology);
  return out;
}

Result<loadgen::TierLoad> tier_load(const std::string& tier,
                                    const std::optional<loadgen::StackTarget>& stack) {
  if (stack && stack->load.tier == tier) {
    return stack->load;
  }
  OBS_TRY_ASSIGN(const catalog::Tier row, catalog::tier(tier));
  const StackSpec usual;
  return loadgen::TierLoad{.tier = tier,
                           .spans = row.rates.spans.per_second,
                           .series = row.rates.series,
                           .records = row.rates.lines.per_second,
                           .interval = usual.metrics.scrape_interval,
                           .span_size = usual.traces.span_size,
                           .record_size = usual.logs.line_size};
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
    checked.error().hint += " with --yes; --stack DIR names the stack it belongs to";
  }
  return checked;
}

}  // namespace obsctl
