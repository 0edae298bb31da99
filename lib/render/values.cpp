// Every number and name that a template of the stack inserts, with its derivation.
#include "lib/render/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/text.hpp"

namespace obsctl {
namespace {

constexpr double k_mib = 1024.0 * 1024.0;

std::int64_t whole(double value) {
  return static_cast<std::int64_t>(std::llround(value));
}

Bytes memory_of(const Topology& topology, const std::string& name) {
  const Component* found = topology.find(name);
  return found == nullptr ? Bytes{} : found->limits.memory;
}

Bytes disk_of(const Topology& topology, const std::string& name) {
  const Component* found = topology.find(name);
  return found == nullptr ? Bytes{} : found->disk;
}

Values versions(const Topology& topology) {
  Values out = Values::object();
  for (const auto& component : topology.components) {
    out[component.name] = component.version;
  }
  return out;
}

Values ports(const Topology& topology) {
  Values out = Values::object();
  for (const auto& component : topology.components) {
    for (const auto& port : component.ports) {
      out[port.name] = port.host;
    }
  }
  return out;
}

// memory_limiter at 80 % of the container with a spike of 20 % (its README's advice; the seed's
// 1600 of 2048 MiB is 78 %, CT-20). The three queues may take 60 % of the disk: compaction copies
// the largest queue file into the same volume (20 %), and the store's own pages need the rest.
Values collector(const Topology& topology) {
  constexpr int k_limit_percent = 80;
  constexpr int k_spike_percent = 20;
  constexpr double k_queue_share = 0.2;  // of the disk, per signal
  const double memory_mib = memory_of(topology, "otel-collector").value / k_mib;
  const Bytes disk = disk_of(topology, "otel-collector");
  return {{"memory_mib", whole(memory_mib)},
          {"limit_percent", k_limit_percent},
          {"limit_mib", whole(std::floor(memory_mib * k_limit_percent / 100))},
          {"spike_mib", whole(std::floor(memory_mib * k_spike_percent / 100))},
          {"disk_gb", print_count(disk.gb())},
          {"queue_bytes", whole(disk.value * k_queue_share)}};
}

// What tail_sampling needs, or false when every trace is kept and it is left out.
// num_traces >= decision wait × new traces/s (golden D-TAIL) with head-room 2, at least the seed's
// 50000 (C04). Each decision cache must outlive the spans of the trace, hence ten times as many
// ids.
Values sampling(const StackSpec& spec, const Topology& topology) {
  if (spec.traces.keep.value >= 1) {
    return false;
  }
  constexpr double k_headroom = 2;
  constexpr double k_least_traces = 50000;
  const double rate = std::ceil(topology.load.traces.per_second);
  const double needed = std::ceil(rate * spec.traces.decision_wait.seconds * k_headroom);
  const double traces = std::max(k_least_traces, needed);
  const std::int64_t slow_ms = whole(spec.traces.slow_threshold.seconds * 1000);
  const std::string percent = fmt::format("{:.10g}", spec.traces.keep.value * 100);
  return {{"keep", percent + "%"},
          {"keep_some", spec.traces.keep.value > 0},
          {"keep_percent", percent},
          {"decision_wait", print_duration(spec.traces.decision_wait)},
          {"traces_per_second", whole(rate)},
          {"num_traces", whole(traces)},
          {"cache_size", whole(traces * 10)},
          {"slow_threshold", print_duration(spec.traces.slow_threshold)},
          {"slow_above_ms", std::max<std::int64_t>(slow_ms - 1, 0)}};
}

// Local retention: 80 % of the disk, as Prometheus' own documentation advises. In front of
// VictoriaMetrics two days are enough for rules, recovery and a look back.
Values prometheus(const StackSpec& spec, const Topology& topology) {
  constexpr double k_disk_share = 0.8;
  constexpr double k_local_days = 2;
  const bool forwards = spec.metrics.backend == "victoriametrics";
  const Duration local =
      forwards ? std::min(Duration::from_days(k_local_days), topology.retention.metrics)
               : topology.retention.metrics;
  const Bytes disk = disk_of(topology, "prometheus");
  // Prometheus' units are powers of 1024 whatever they are called.
  const double size_mib = std::floor(disk.value * k_disk_share / k_mib);
  const double size_gib = std::floor(size_mib / 1024);
  constexpr double k_readable_gib = 10;
  return {{"retention_time", print_duration(local)},
          {"retention_size", size_gib >= k_readable_gib ? fmt::format("{:.0f}GB", size_gib)
                                                        : fmt::format("{:.0f}MB", size_mib)},
          {"disk_gb", print_count(disk.gb())},
          {"out_of_order", "6h"}};
}

// Ingestion limits from the expected rate: a backlog must drain faster than it grew.
Values loki(const StackSpec& spec, const Topology& topology) {
  constexpr double k_headroom = 4;
  constexpr double k_least_mb = 16;
  constexpr double k_least_streams = 5000;
  const double expected = topology.load.lines.per_second * spec.logs.line_size.value / 1e6;
  const double rate = std::max(k_least_mb, std::ceil(expected * k_headroom));
  const double streams = 2 * spec.logs.streams.value_or(0);
  return {{"expected_mb", human_number(expected)},
          {"rate_mb", whole(rate)},
          {"burst_mb", whole(rate * 2)},
          {"max_streams", whole(std::max(k_least_streams, streams))}};
}

Values scrape_jobs(const Topology& topology) {
  Values out = Values::array();
  for (const auto& component : topology.components) {
    if (component.metrics_path.empty()) {
      continue;
    }
    Values job = {{"job", component.name},
                  {"path", nullptr},
                  {"target", fmt::format("{}:{}", component.name, component.metrics_port)}};
    if (component.metrics_path != "/metrics") {
      job["path"] = component.metrics_path;
    }
    out.push_back(std::move(job));
  }
  return out;
}

Values retention(const Topology& topology) {
  return {{"traces", print_duration(topology.retention.traces)},
          {"traces_hours", whole(std::ceil(topology.retention.traces.hours()))},
          {"metrics", print_duration(topology.retention.metrics)},
          {"logs", print_duration(topology.retention.logs)}};
}

Values origins(const StackSpec& spec) {
  Values out = Values::array();
  for (const auto& origin : spec.security.cors_origins) {
    out.push_back(obsctl::quoted(origin));
  }
  return out.empty() ? Values(false) : Values{{"origins", out}, {"max_age_seconds", 600}};
}

// OTEL_RESOURCE_ATTRIBUTES wants its values percent-encoded; letters and digits stay readable.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// Where an application on this host sends OTLP over HTTP; inside the stack's network when the port
// is not published.
std::string otlp_endpoint(const StackSpec& spec, const Topology& topology) {
  const char* scheme = spec.security.tls == "off" ? "http" : "https";
  const Port* http = topology.port("otlp-http");
  if (http == nullptr || http->host == 0) {
    return fmt::format("{}://otel-collector:4318", scheme);
  }
  return fmt::format("{}://{}:{}", scheme, reachable_host(http->bind), http->host);
}

}  // namespace

std::string reachable_host(const std::string& bind) {
  static const std::vector<std::string> k_local = {"127.0.0.1", "0.0.0.0", "::1", "::"};
  if (std::ranges::find(k_local, bind) != k_local.end()) {
    return "localhost";
  }
  return bind.find(':') == std::string::npos ? bind : "[" + bind + "]";
}

Values stack_values(const StackSpec& spec, const Topology& topology) {
  const bool tls = spec.security.tls != "off";
  const AlertingSpec& alerting = spec.alerting;
  Values out;
  out["name"] = spec.name;
  out["network"] = spec.name;
  out["tier"] = spec.tier;
  out["environment_encoded"] = percent_encoded(spec.environment);
  out["environment_yaml"] = obsctl::quoted(spec.environment);
  out["versions"] = versions(topology);
  out["ports"] = ports(topology);
  out["retention"] = retention(topology);
  out["scrape_interval"] = print_duration(spec.metrics.scrape_interval);
  out["scrape_interval_ms"] = whole(spec.metrics.scrape_interval.seconds * 1000);
  out["scrape_jobs"] = scrape_jobs(topology);
  out["collector"] = collector(topology);
  out["sampling"] = sampling(spec, topology);
  out["prometheus"] = prometheus(spec, topology);
  out["loki"] = loki(spec, topology);
  out["victoriametrics"] = spec.metrics.backend == "victoriametrics";
  out["drop_debug_logs"] = spec.environment == "production";
  out["tls"] = tls;
  out["self_signed"] = spec.security.tls == "self-signed";
  out["bearer"] = spec.security.auth == "bearer";
  out["cors"] = origins(spec);
  out["bind"] = spec.security.bind;
  out["otlp_scheme"] = tls ? "https" : "http";
  out["otlp_endpoint"] = otlp_endpoint(spec, topology);
  out["ca_file"] = spec.security.tls == "self-signed" ? Values("tls/ca.crt") : Values(nullptr);
  out["slack"] = !alerting.slack_channel.empty();
  out["smtp"] = !alerting.email_to.empty() && !alerting.smtp_host.ends_with(":25");
  out["smtp_user"] = alerting.email_from.empty() ? alerting.email_to : alerting.email_from;
  out["smtp_host"] = alerting.smtp_host;
  return out;
}

}  // namespace obsctl
