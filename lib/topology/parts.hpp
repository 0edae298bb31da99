// The components of the single-node stack, one function each; build.cpp puts them together.
//
// Internal to lib/topology: a new component is a new function here and one line in build.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/catalog/components.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/sizing/report.hpp"

namespace obsctl::topology {

// What every component is made from.
struct Context {
  const StackSpec& spec;
  const sizing::SizingReport& report;
  const std::vector<catalog::ComponentImage>& images;

  // A component with the image of the catalog and limits, disk and settings of the report.
  [[nodiscard]] Component start(std::string_view name, std::string_view image) const;

  // A published port: the spec's number, else `standard`; 0 when the spec switches it off.
  // Ports whose service has no login of its own stay on loopback whatever security.bind says.
  [[nodiscard]] Port published(std::string name, int container, std::string purpose,
                               bool has_login) const;

  [[nodiscard]] bool victoriametrics() const;
  [[nodiscard]] bool tls() const;
  [[nodiscard]] bool bearer() const;
  // Files below secrets/ that Alertmanager reads, for the receivers that the spec configures.
  [[nodiscard]] std::vector<std::string> alertmanager_secrets() const;
};

[[nodiscard]] Component volume_init(const Context& context, const std::vector<Component>& others);
[[nodiscard]] Component jaeger(const Context& context);
[[nodiscard]] Component prometheus(const Context& context, Retention retention);
[[nodiscard]] Component victoriametrics(const Context& context, Retention retention);
[[nodiscard]] Component loki(const Context& context);
[[nodiscard]] Component alertmanager(const Context& context);
[[nodiscard]] Component otel_collector(const Context& context);
[[nodiscard]] Component otel_collector_health(const Context& context);
[[nodiscard]] Component node_exporter(const Context& context);
[[nodiscard]] Component grafana(const Context& context);

}  // namespace obsctl::topology
