// What the user gave on the command line of `obsctl size`, and how it becomes a spec.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commands/command.hpp"
#include "lib/model/spec.hpp"
#include "lib/sizing/plan.hpp"

namespace obsctl {

// A flag that sets one field of the spec; its doc and choices are the field's.
struct SizeFlag {
  const char* flag;
  const char* key;
  const char* value;
  const char* group;
};

inline constexpr std::array k_size_flags = {
    SizeFlag{"tier", "tier", "TIER", "Load"},
    SizeFlag{"profile", "profile", "PROFILE", "Load"},
    SizeFlag{"spans", "traces.spans", "RATE", "Load"},
    SizeFlag{"traces", "traces.traces", "RATE", "Load"},
    SizeFlag{"series", "metrics.series", "COUNT", "Load"},
    SizeFlag{"scrape-interval", "metrics.scrape_interval", "DURATION", "Load"},
    SizeFlag{"lines", "logs.lines", "RATE", "Load"},
    SizeFlag{"streams", "logs.streams", "COUNT", "Load"},
    SizeFlag{"span-size", "traces.span_size", "SIZE", "Load"},
    SizeFlag{"sample-size", "metrics.sample_size", "SIZE", "Load"},
    SizeFlag{"line-size", "logs.line_size", "SIZE", "Load"},
    SizeFlag{"growth", "sizing.growth_per_month", "SHARE", "Load"},
    SizeFlag{"retention-traces", "traces.retention", "DURATION", "Policy"},
    SizeFlag{"retention-metrics", "metrics.retention", "DURATION", "Policy"},
    SizeFlag{"retention-logs", "logs.retention", "DURATION", "Policy"},
    SizeFlag{"keep", "traces.keep", "SHARE", "Policy"},
    SizeFlag{"replication", "sizing.replication", "COUNT", "Policy"},
    SizeFlag{"kafka-brokers", "sizing.kafka_brokers", "COUNT", "Policy"},
    SizeFlag{"provider", "sizing.provider", "PROVIDER", "Policy"},
    SizeFlag{"host-cpus", "host.cpus", "COUNT", "Check"},
    SizeFlag{"host-memory", "host.memory", "SIZE", "Check"},
    SizeFlag{"host-disk", "host.disk", "SIZE", "Check"},
};

struct SizeOptions {
  std::array<std::optional<std::string>, k_size_flags.size()> fields;  // by index of k_size_flags
  std::optional<std::string> events;                                   // events/s in the tier's mix
  std::optional<std::string> reduction;  // share of all traces that sampling removes
  bool ha = false;
  std::optional<std::string> spec_file;  // "-": standard input
  std::vector<std::string> settings;     // key=value
  std::optional<std::string> model;      // absent: recommended
  std::vector<std::string> compare;      // tiers
  std::optional<std::string> explain;    // empty: every number; else one by its name
  bool models = false;                   // the models side by side
  bool costs = false;                    // prices in full, recovery, availability
  bool notes = false;                    // contradictions, network, queue
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

// Reads --spec, or the obsctl.yaml of this or a parent directory, and applies --set and the flags.
// Errors: a bad value, a bare number without its unit, an impossible reduction, flags that exclude
// each other.
[[nodiscard]] Result<SizeSpec> resolve_size_spec(Context& context, const SizeOptions& options,
                                                 const sizing::Catalogs& catalogs);

}  // namespace obsctl
