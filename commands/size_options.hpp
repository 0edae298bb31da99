// What the user gave on the command line of `obsctl size`, and how it becomes a spec.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "commands/spec_flags.hpp"
#include "lib/model/spec.hpp"
#include "lib/sizing/plan.hpp"

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

struct SizeOptions {
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
  bool models = false;                 // the models side by side
  bool costs = false;                  // prices in full, recovery, availability
  bool notes = false;                  // contradictions, network, queue
  bool check = false;
  std::optional<std::string> prometheus;  // URL
  bool write_calibration = false;
  std::string output = "text";

  [[nodiscard]] bool given(std::string_view flag) const;
};

// The spec to size and where it came from.
struct SizeSpec {
  StackSpec spec;
  std::filesystem::path file;  // absolute; empty: no obsctl.yaml is involved
  std::string shown_file;      // as the user would write it
  std::string text;            // of the file
  bool tier_by_load = false;   // no tier was given, so the load chose it
};

// Reads --spec, or the obsctl.yaml of this or a parent directory; without either the default stack.
[[nodiscard]] Result<SizeSpec> read_size_spec(Context& context, const SizeOptions& options);

// Applies --set and the flags. Errors: a bad value, a bare number without its unit, an impossible
// reduction, flags that exclude each other.
[[nodiscard]] Result<void> apply_size_options(const SizeOptions& options,
                                              const sizing::Catalogs& catalogs, SizeSpec& out);

}  // namespace obsctl
