// SPDX-License-Identifier: Apache-2.0
// StackSpec and SizingReport → Topology: which components a stack has, how they are wired, and what
// each may use.
//
// Pure: the catalog is compiled in and nothing else is read. Everything a renderer, a probe or a
// backup needs to know about a port, a volume or a limit is decided here and nowhere else.
#pragma once

#include "lib/base/error.hpp"
#include "lib/model/spec.hpp"
#include "lib/model/topology.hpp"
#include "lib/sizing/plan.hpp"

namespace obsctl {

// The single-node stack of the small tier: collector, Jaeger, Prometheus, Loki,
// Grafana, Alertmanager, node_exporter, with VictoriaMetrics behind Prometheus when the spec asks
// for it.
//
// Every number (limits, disks, rates, retention, settings) is a quantity of `report`, which is the
// recommended sizing of `spec`; memory and disk in bytes. Errors: a tier that one host cannot
// carry, a port or component override whose name the stack does not have, two ports published on
// the same number.
[[nodiscard]] Result<Topology> build_topology(const StackSpec& spec,
                                              const sizing::SizingReport& report,
                                              const sizing::Catalogs& catalogs);

// A stack with the sizing that every number in it comes from.
struct SizedStack {
  sizing::SizingReport report;
  Topology topology;
};

// Sizes `spec` by the recommended model and builds the topology from the report. Errors: those of
// both.
[[nodiscard]] Result<SizedStack> size_and_build(const StackSpec& spec,
                                                const sizing::Catalogs& catalogs);

}  // namespace obsctl
