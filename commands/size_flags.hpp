// SPDX-License-Identifier: Apache-2.0
// The flags of `obsctl size`, and what they ask of lib/size.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "commands/spec_flags.hpp"
#include "lib/base/choice.hpp"
#include "lib/size/size.hpp"

namespace obsctl {

inline constexpr std::array k_size_flags = {
    SpecFlag{"tier", "tier", "TIER", "Load", 0, true},
    SpecFlag{"profile", "profile", "PROFILE", "Load"},
    SpecFlag{"spans", "traces.spans", "RATE", "Load", 0, true},
    SpecFlag{"new-traces", "traces.traces", "RATE", "Load"},
    SpecFlag{"series", "metrics.series", "COUNT", "Load", 0, true},
    SpecFlag{"scrape-interval", "metrics.scrape_interval", "DURATION", "Load"},
    SpecFlag{"lines", "logs.lines", "RATE", "Load", 0, true},
    SpecFlag{"streams", "logs.streams", "COUNT", "Load"},
    SpecFlag{"span-size", "traces.span_size", "SIZE", "Load"},
    SpecFlag{"sample-size", "metrics.sample_size", "SIZE", "Load"},
    SpecFlag{"line-size", "logs.line_size", "SIZE", "Load"},
    SpecFlag{"growth", "sizing.growth_per_month", "SHARE", "Load"},
    SpecFlag{"retention-traces", "traces.retention", "DURATION", "Policy"},
    SpecFlag{"retention-metrics", "metrics.retention", "DURATION", "Policy"},
    SpecFlag{"retention-logs", "logs.retention", "DURATION", "Policy", 0, true},
    SpecFlag{"keep", "traces.keep", "SHARE", "Policy", 0, true},
    SpecFlag{"traces", "traces.backend", "BACKEND", "Policy"},
    SpecFlag{"metrics", "metrics.backend", "BACKEND", "Policy"},
    SpecFlag{"logs", "logs.backend", "BACKEND", "Policy"},
    SpecFlag{"replication", "sizing.replication", "COUNT", "Policy"},
    SpecFlag{"kafka-brokers", "sizing.kafka_brokers", "COUNT", "Policy"},
    SpecFlag{"provider", "sizing.provider", "PROVIDER", "Policy"},
    SpecFlag{"host-cpus", "host.cpus", "COUNT", "Check"},
    SpecFlag{"host-memory", "host.memory", "SIZE", "Check"},
    SpecFlag{"host-disk", "host.disk", "SIZE", "Check"},
};

// The last three print what --check finds, and nothing else.
enum class SizeFormat { text, json, yaml, csv, markdown, junit, sarif, github };

constexpr auto names_of(SizeFormat) {
  return std::to_array<Named<SizeFormat>>({{SizeFormat::text, "text"},
                                           {SizeFormat::json, "json"},
                                           {SizeFormat::yaml, "yaml"},
                                           {SizeFormat::csv, "csv"},
                                           {SizeFormat::markdown, "markdown"},
                                           {SizeFormat::junit, "junit"},
                                           {SizeFormat::sarif, "sarif"},
                                           {SizeFormat::github, "github"}});
}

// What was given on the command line.
struct SizeFlags {
  std::array<std::optional<std::string>, k_size_flags.size()> fields;  // by index of k_size_flags
  bool ha = false;
  size::Options options;  // without the settings of `fields`; a spec file "-" is standard input
  SizeFormat output = SizeFormat::text;
};

[[nodiscard]] std::vector<Flag> size_flags(SizeFlags& into);

// All of it as options; reads standard input for `--spec -`.
[[nodiscard]] Result<size::Options> size_options(Context& context, const SizeFlags& flags);

}  // namespace obsctl
