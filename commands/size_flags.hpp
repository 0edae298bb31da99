// The flags of `obsctl size`, and what they ask of lib/size.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "commands/spec_flags.hpp"
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

// What was given on the command line.
struct SizeFlags {
  std::array<std::optional<std::string>, k_size_flags.size()> fields;  // by index of k_size_flags
  std::optional<std::string> events;                                   // events/s in the tier's mix
  std::optional<std::string> reduction;  // share of all traces that sampling removes
  bool ha = false;
  std::optional<std::string> spec_file;  // "-": standard input
  std::vector<std::string> settings;     // key=value
  std::vector<std::string> template_dirs;
  std::optional<std::string> model;    // absent: recommended
  std::vector<std::string> compare;    // tiers
  std::optional<std::string> explain;  // empty: every number; else one by its name
  size::Pages pages;
  bool check = false;
  std::optional<std::string> prometheus;  // URL
  bool write_calibration = false;
  std::string output = "text";
};

[[nodiscard]] std::vector<Flag> size_flags(SizeFlags& into);

// Reads standard input for `--spec -`. Errors: a rate, share or model that is none.
[[nodiscard]] Result<size::Options> size_options(Context& context, const SizeFlags& flags);

}  // namespace obsctl
