// StackSpec → Topology: which components a stack has, how they are wired, and what each may use.
//
// Pure: the catalog is compiled in and nothing else is read. Everything a renderer, a probe or a
// backup needs to know about a port, a volume or a limit is decided here and nowhere else.
#pragma once

#include "lib/base/error.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"

namespace obsctl {

// The single-node stack of the small tier (A02, B01 … B13): collector, Jaeger, Prometheus, Loki,
// Grafana, Alertmanager, node_exporter, with VictoriaMetrics behind Prometheus when the spec asks
// for it.
//
// Limits, disks, rates and retention come from the tier table (J05, I03) where the spec sets none;
// memory and disk in bytes. Errors: a tier that this target cannot carry, a port or component
// override whose name the stack does not have, two ports published on the same number.
[[nodiscard]] Result<Topology> build_topology(const StackSpec& spec);

}  // namespace obsctl
