// SPDX-License-Identifier: Apache-2.0
// Turns numbers into what a configuration file writes.
#include "lib/topology/settings.hpp"

#include <fmt/format.h>

#include <cmath>

namespace obsctl {
namespace {

Values setting_value(const Setting& setting) {
  if (setting.unit == "days") {
    return config_duration(Duration::from_days(setting.value));
  }
  constexpr double k_exact = 9e15;
  const bool is_whole = std::isfinite(setting.value) && std::abs(setting.value) < k_exact &&
                        setting.value == std::floor(setting.value);
  return is_whole ? Values(whole(setting.value)) : Values(human_number(setting.value));
}

}  // namespace

std::int64_t whole(double value) {
  return static_cast<std::int64_t>(std::llround(value));
}

Values retention_values(const Retention& retention) {
  return {{"traces", config_duration(retention.traces)},
          {"traces_hours", whole(std::ceil(retention.traces.hours()))},
          {"metrics", config_duration(retention.metrics)},
          {"metrics_whole_days", whole(std::ceil(retention.metrics.days()))},
          {"logs", config_duration(retention.logs)},
          {"logs_hours", whole(std::ceil(retention.logs.hours()))},
          {"logs_whole_days", whole(std::ceil(retention.logs.days()))}};
}

Values component_values(const Component& component) {
  constexpr double k_mib = 1024.0 * 1024.0;
  Values out = Values::object();
  for (const auto& [name, setting] : component.settings) {
    out[name] = setting_value(setting);
  }
  out["version"] = component.version;
  out["cpus"] = component.limits.cpus;
  // What floating point takes from an exact number does not count.
  out["memory_mib"] = whole(std::floor(component.limits.memory.value / k_mib + 1e-6));
  out["memory_bytes"] = whole(component.limits.memory.value);
  out["memory"] = fmt::format("{:.4g} GiB", component.limits.memory.gib());
  out["disk_bytes"] = whole(component.disk.value);
  out["disk_gb"] = print_count(component.disk.gb());
  out["disk"] = human_bytes(component.disk);
  return out;
}

Values provider_values(const Topology& topology, const Address& host_of) {
  Values out = Values::object();
  for (const auto& capability : topology.capabilities) {
    const auto dot = capability.find('.');
    Values& place = out[capability.substr(0, dot)][capability.substr(dot + 1)];
    const Provider* provider = topology.provider(capability);
    if (provider == nullptr) {
      place = nullptr;
      continue;
    }
    const std::string address = fmt::format("{}:{}", host_of(provider->component), provider->port);
    const std::string endpoint =
        provider->grpc() ? address : fmt::format("http://{}{}", address, provider->path);
    place = {{"component", provider->component},
             {"title", provider->title},
             {"address", address},
             {"url", "http://" + address},
             {"endpoint", endpoint}};
  }
  return out;
}

}  // namespace obsctl
