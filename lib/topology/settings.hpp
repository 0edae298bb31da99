// SPDX-License-Identifier: Apache-2.0
// Settings and limits of a component as values for templates.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "lib/model/topology.hpp"
#include "lib/template/template.hpp"

namespace obsctl {

// Every setting by name (whole numbers stay whole, days become a duration), and version, cpus,
// memory_mib, memory_bytes, memory, disk_bytes, disk_gb and disk.
[[nodiscard]] Values component_values(const Component& component);

// How long each signal is kept: a duration each (traces, metrics, logs), and the whole units that
// some stores count in (traces_hours, logs_hours, metrics_whole_days, logs_whole_days), rounded up.
[[nodiscard]] Values retention_values(const Retention& retention);

// The nearest integer, as templates write it.
[[nodiscard]] std::int64_t whole(double value);

// The host under which one component reaches another.
using Address = std::function<std::string(std::string_view component)>;

// The providers as nested objects ("traces.store" → traces: {store: {component, title, address,
// url, endpoint}}); null where a capability that some component knows has no provider in this
// stack.
[[nodiscard]] Values provider_values(const Topology& topology, const Address& address);

}  // namespace obsctl
