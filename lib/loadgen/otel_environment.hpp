// SPDX-License-Identifier: Apache-2.0
// The standard variables that configure an OTLP exporter, so that a load test reaches what the
// applications of the same environment reach.
//
// Source: opentelemetry-specification, "OpenTelemetry Protocol Exporter", configuration options.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/io/environment.hpp"
#include "lib/loadgen/options.hpp"

namespace obsctl::loadgen {

// Fills in what the options leave open from OTEL_EXPORTER_OTLP_*; a variable of one signal outranks
// the general one. Returns where each setting came from: "endpoint" → name of the variable. Errors,
// which name the variable: a value that is none, and settings that differ between the signals of
// the run, since a run has one target.
[[nodiscard]] Result<std::map<std::string, std::string>> apply_otel_environment(
    const Environment& environment, const std::vector<otlp::Signal>& signals,
    TargetOptions& target);

}  // namespace obsctl::loadgen
