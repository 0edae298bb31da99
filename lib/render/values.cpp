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

// Whole MiB of a component's limit; what floating point takes from an exact number does not count.
std::int64_t memory_mib_of(const Topology& topology, const std::string& name) {
  const Component* found = topology.find(name);
  return found == nullptr ? 0 : whole(std::floor(found->limits.memory.value / k_mib + 1e-6));
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

// A component's setting as a whole number; 0 when the stack does not have the component.
std::int64_t setting(const Topology& topology, const std::string& component,
                     const std::string& name) {
  const Component* found = topology.find(component);
  return found == nullptr ? 0 : whole(found->setting(name));
}

Values collector(const Topology& topology) {
  constexpr const char* k_name = "otel-collector";
  const std::int64_t limit = setting(topology, k_name, "memory_limit_mib");
  const double memory_mib = static_cast<double>(memory_mib_of(topology, k_name));
  return {{"memory_mib", whole(memory_mib)},
          {"limit_percent", memory_mib > 0 ? whole(100 * static_cast<double>(limit) / memory_mib) : 0},
          {"limit_mib", limit},
          {"spike_mib", setting(topology, k_name, "memory_spike_mib")},
          {"disk_gb", print_count(disk_of(topology, k_name).gb())},
          {"queue_bytes", setting(topology, k_name, "queue_bytes")}};
}

// What tail_sampling needs, or false when every trace is kept and it is left out.
Values sampling(const Topology& topology) {
  const Policy& policy = topology.policy;
  if (policy.keep.value >= 1) {
    return false;
  }
  constexpr const char* k_name = "otel-collector";
  const std::int64_t slow_ms = whole(policy.slow_threshold.seconds * 1000);
  const std::string percent = fmt::format("{:.10g}", policy.keep.value * 100);
  return {{"keep", percent + "%"},
          {"keep_some", policy.keep.value > 0},
          {"keep_percent", percent},
          {"decision_wait", print_duration(policy.decision_wait)},
          {"traces_per_second", setting(topology, k_name, "new_traces_per_second")},
          {"num_traces", setting(topology, k_name, "num_traces")},
          {"cache_size", setting(topology, k_name, "decision_cache")},
          {"slow_threshold", print_duration(policy.slow_threshold)},
          {"slow_above_ms", std::max<std::int64_t>(slow_ms - 1, 0)}};
}

// Prometheus' units are powers of 1024 whatever they are called.
std::string prometheus_size(std::int64_t mib) {
  constexpr std::int64_t k_readable = 10 * 1024;
  return mib >= k_readable ? fmt::format("{}GB", mib / 1024) : fmt::format("{}MB", mib);
}

Values prometheus(const Topology& topology) {
  constexpr const char* k_name = "prometheus";
  const Component* found = topology.find(k_name);
  const double days = found == nullptr ? 0 : found->setting("metrics_days");
  return {{"retention_time", print_duration(Duration::from_days(days))},
          {"retention_size", prometheus_size(setting(topology, k_name, "retention_size_mib"))},
          {"disk_gb", print_count(disk_of(topology, k_name).gb())},
          {"out_of_order", "6h"}};
}

Values loki(const Topology& topology) {
  constexpr const char* k_name = "loki";
  const Component* found = topology.find(k_name);
  const double expected = found == nullptr ? 0 : found->setting("expected_mb_per_second");
  return {{"expected_mb", human_number(expected)},
          {"memory_mib", memory_mib_of(topology, k_name)},
          {"replay_mib", setting(topology, k_name, "replay_memory_mib")},
          {"rate_mb", setting(topology, k_name, "ingestion_rate_mb")},
          {"burst_mb", setting(topology, k_name, "ingestion_burst_mb")},
          {"max_streams", setting(topology, k_name, "max_streams")}};
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

Values origins(const SecuritySpec& security) {
  Values out = Values::array();
  for (const auto& origin : security.cors_origins) {
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
std::string otlp_endpoint(const Topology& topology) {
  const char* scheme = topology.policy.security.tls == "off" ? "http" : "https";
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

Values stack_values(const Topology& topology) {
  const Policy& policy = topology.policy;
  const SecuritySpec& security = policy.security;
  const AlertingSpec& alerting = policy.alerting;
  const bool tls = security.tls != "off";
  Values out;
  out["name"] = topology.name;
  out["network"] = topology.name;
  out["tier"] = topology.tier;
  out["environment_encoded"] = percent_encoded(policy.environment);
  out["environment_yaml"] = obsctl::quoted(policy.environment);
  out["versions"] = versions(topology);
  out["ports"] = ports(topology);
  out["retention"] = retention(topology);
  out["scrape_interval"] = print_duration(policy.scrape_interval);
  out["scrape_interval_ms"] = whole(policy.scrape_interval.seconds * 1000);
  out["scrape_jobs"] = scrape_jobs(topology);
  out["collector"] = collector(topology);
  out["sampling"] = sampling(topology);
  out["prometheus"] = prometheus(topology);
  out["loki"] = loki(topology);
  out["victoriametrics"] = policy.remote_metrics;
  out["drop_debug_logs"] = policy.environment == "production";
  out["tls"] = tls;
  out["self_signed"] = security.tls == "self-signed";
  out["bearer"] = security.auth == "bearer";
  out["cors"] = origins(security);
  out["bind"] = security.bind;
  out["otlp_scheme"] = tls ? "https" : "http";
  out["otlp_endpoint"] = otlp_endpoint(topology);
  out["ca_file"] = security.tls == "self-signed" ? Values("tls/ca.crt") : Values(nullptr);
  out["slack"] = !alerting.slack_channel.empty();
  out["smtp"] = !alerting.email_to.empty() && !alerting.smtp_host.ends_with(":25");
  out["smtp_user"] = alerting.email_from.empty() ? alerting.email_to : alerting.email_from;
  out["smtp_host"] = alerting.smtp_host;
  return out;
}

}  // namespace obsctl
