// Puts the components of the single-node stack together and checks what the spec overrides.
#include "lib/topology/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/base/text.hpp"
#include "lib/topology/parts.hpp"

namespace obsctl {
namespace {

Retention retention_of(const sizing::Load& load) {
  return {.traces = Duration::from_days(load.trace_days.value),
          .metrics = Duration::from_days(load.metric_days.value),
          .logs = Duration::from_days(load.log_days.value)};
}

Load load_of(const sizing::Load& load) {
  return {.spans = {load.spans.value},
          .traces = {load.traces.value},
          .series = load.series.value,
          .lines = {load.lines.value}};
}

Policy policy_of(const StackSpec& spec) {
  const TraceSpec& traces = spec.traces;
  return {.environment = spec.environment,
          .scrape_interval = spec.metrics.scrape_interval,
          .keep = traces.keep,
          .always_kept = {std::min(1.0, traces.errors.value + traces.slow.value)},
          .slow_threshold = traces.slow_threshold,
          .decision_wait = traces.decision_wait,
          .remote_metrics = spec.metrics.backend != "prometheus",
          .security = spec.security,
          .alerting = spec.alerting};
}

// In start order: what others wait for comes first.
std::vector<Component> make_components(const topology::Context& context, Retention retention) {
  std::vector<Component> out = {topology::jaeger(context)};
  if (context.victoriametrics()) {
    out.push_back(topology::victoriametrics(context, retention));
  }
  out.push_back(topology::prometheus(context, retention));
  out.push_back(topology::loki(context));
  out.push_back(topology::alertmanager(context));
  out.push_back(topology::otel_collector(context));
  out.push_back(topology::otel_collector_health(context));
  out.push_back(topology::node_exporter(context));
  out.push_back(topology::grafana(context));
  out.insert(out.begin(), topology::volume_init(context, out));
  return out;
}

std::vector<Link> make_links(const topology::Context& context,
                             const std::vector<Component>& components) {
  std::vector<Link> out = {
      {"otel-collector", "jaeger", 4317, "traces over OTLP/gRPC"},
      {"otel-collector", "prometheus", 9090, "metrics over OTLP/HTTP"},
      {"otel-collector", "loki", 3100, "logs over OTLP/HTTP"},
      {"prometheus", "alertmanager", 9093, "firing alerts"},
      {"grafana", "jaeger", 16686, "trace queries"},
      {"grafana", "loki", 3100, "log queries"},
      {"grafana", "alertmanager", 9093, "silences and alert groups"},
  };
  if (context.victoriametrics()) {
    out.push_back({"prometheus", "victoriametrics", 8428, "all metrics over remote write"});
    out.push_back({"grafana", "victoriametrics", 8428, "metric queries"});
  } else {
    out.push_back({"grafana", "prometheus", 9090, "metric queries"});
  }
  for (const auto& component : components) {
    if (!component.metrics_path.empty()) {
      out.push_back({"prometheus", component.name, component.metrics_port, "scrape"});
    }
  }
  return out;
}

Result<void> check_components(const StackSpec& spec, const Topology& topology) {
  for (const auto& [name, limits] : spec.components) {
    if (topology.find(name) != nullptr) {
      if (limits.cpus.value_or(1) <= 0 || limits.memory.value_or(Bytes{1}).value <= 0 ||
          limits.disk.value_or(Bytes{1}).value <= 0) {
        return fail(Code::usage, fmt::format("a limit of '{}' must be more than 0", name));
      }
      continue;
    }
    std::vector<std::string> known;
    for (const auto& component : topology.components) {
      known.push_back(component.name);
    }
    const std::string hint = did_you_mean(name, known);
    return fail(Code::usage, fmt::format("the stack has no component '{}'", name),
                hint.empty() ? "it has: " + join(known, ", ") : hint);
  }
  return {};
}

// Every override names a published port, and no two ports share an address.
Result<void> check_ports(const StackSpec& spec, const Topology& topology) {
  std::vector<std::string> known;
  std::map<int, std::string> taken;
  for (const auto& component : topology.components) {
    for (const auto& port : component.ports) {
      if (port.purpose.empty()) {
        continue;  // never published
      }
      known.push_back(port.name);
      if (port.host == 0) {
        continue;
      }
      const auto [it, is_new] = taken.emplace(port.host, port.name);
      if (!is_new) {
        return fail(
            Code::usage,
            fmt::format("'{}' and '{}' would both be published on port {}", it->second, port.name,
                        port.host),
            fmt::format("move one of them, for example --port {}={}", port.name, port.host + 1));
      }
    }
  }
  for (const auto& [name, number] : spec.ports) {
    if (std::ranges::find(known, name) == known.end()) {
      const std::string hint = did_you_mean(name, known);
      return fail(Code::usage, fmt::format("the stack has no port '{}'", name),
                  hint.empty() ? "it has: " + join(known, ", ") : hint);
    }
  }
  return {};
}

}  // namespace

Result<Topology> build_topology(const StackSpec& spec, const sizing::SizingReport& report) {
  if (!report.host) {
    return fail(Code::usage, fmt::format("tier '{}' does not fit on a single node", spec.tier),
                "generate tier small; 'obsctl size' shows what the larger tiers need");
  }
  OBS_TRY_ASSIGN(const auto images, catalog::components());
  const topology::Context context{spec, report, images};
  Topology out{.name = spec.name,
               .tier = spec.tier,
               .policy = policy_of(spec),
               .load = load_of(report.load),
               .retention = retention_of(report.load)};
  out.components = make_components(context, out.retention);
  out.links = make_links(context, out.components);
  OBS_TRY(check_components(spec, out));
  OBS_TRY(check_ports(spec, out));
  return out;
}

Result<SizedStack> size_and_build(const StackSpec& spec, const sizing::Catalogs& catalogs) {
  OBS_TRY_ASSIGN(auto report, sizing::size_plan(spec, catalogs));
  OBS_TRY_ASSIGN(auto topology, build_topology(spec, report));
  return SizedStack{std::move(report), std::move(topology)};
}

}  // namespace obsctl
