// SPDX-License-Identifier: Apache-2.0
// The table of bounds. Upper ones are far beyond the largest tier and far below where a product of
// two of them leaves the range of a whole number.
#include "lib/model/bounds.hpp"

#include <fmt/format.h>

#include <cmath>

namespace obsctl {
namespace {

struct Bound {
  std::string key;
  std::optional<double> value;  // absent: not set
  double least;
  double most;
  const char* range;
};

std::optional<double> number(const std::optional<Rate>& rate) {
  return rate ? std::optional(rate->per_second) : std::nullopt;
}
std::optional<double> number(const std::optional<Duration>& duration) {
  return duration ? std::optional(duration->seconds) : std::nullopt;
}
std::optional<double> number(const std::optional<Bytes>& bytes) {
  return bytes ? std::optional(bytes->value) : std::nullopt;
}

// A host that is not known is 0, as obsctl 0.1.0 wrote it into every file.
std::optional<double> if_known(double value) {
  return value == 0 ? std::nullopt : std::optional(value);
}

constexpr double k_year = 365 * 86400.0;

std::vector<Bound> bounds_of_load(const StackSpec& spec) {
  const char* k_rate = "from 0 to 1e12/s";
  const char* k_retention = "at most 100y";
  return {
      {"traces.spans", number(spec.traces.spans), 0, 1e12, k_rate},
      {"traces.traces", number(spec.traces.traces), 0, 1e12, k_rate},
      {"traces.spans_per_trace", spec.traces.spans_per_trace, 0, 1e6, "at most 1M"},
      {"traces.span_size", spec.traces.span_size.value, 1, 1e9, "from 1B to 1GB"},
      {"traces.storage_factor", spec.traces.storage_factor, 0, 100, "from 0 to 100"},
      {"traces.retention", number(spec.traces.retention), 0, 100 * k_year, k_retention},
      {"traces.slow_threshold", spec.traces.slow_threshold.seconds, 0, 86400, "at most 1d"},
      {"traces.decision_wait", spec.traces.decision_wait.seconds, 0, 86400, "at most 1d"},
      {"metrics.series", spec.metrics.series, 0, 1e12, "from 0 to 1000G"},
      {"metrics.scrape_interval", spec.metrics.scrape_interval.seconds, 0, 86400, "at most 1d"},
      {"metrics.sample_size", number(spec.metrics.sample_size), 0.01, 1e6, "from 0.01B to 1MB"},
      {"metrics.retention", number(spec.metrics.retention), 0, 100 * k_year, k_retention},
      {"logs.lines", number(spec.logs.lines), 0, 1e12, k_rate},
      {"logs.line_size", spec.logs.line_size.value, 1, 1e9, "from 1B to 1GB"},
      {"logs.streams", spec.logs.streams, 0, 1e12, "from 0 to 1000G"},
      {"logs.storage_factor", spec.logs.storage_factor, 0, 100, "from 0 to 100"},
      {"logs.retention", number(spec.logs.retention), 0, 100 * k_year, k_retention},
      {"sizing.replication", spec.sizing.replication, 1, 100, "from 1 to 100"},
      {"sizing.kafka_brokers", spec.sizing.kafka_brokers, 0, 1e5, "from 0 to 100k"},
      {"sizing.kafka_partitions", spec.sizing.kafka_partitions, 1, 1e6, "from 1 to 1M"},
      {"sizing.kafka_replication", spec.sizing.kafka_replication, 1, 100, "from 1 to 100"},
      {"sizing.kafka_retention", spec.sizing.kafka_retention.seconds, 0, 100 * k_year, k_retention},
  };
}

// Of the host, and of a component that has limits of its own; none of them is ever "no limit".
std::vector<Bound> bounds_of_machines(const StackSpec& spec) {
  const char* k_cpus = "from 0.01 to 100k";
  const char* k_size = "from 1MB to 1000PB";
  std::vector<Bound> out = {
      {"host.cpus", if_known(spec.host.cpus), 0.01, 1e5, k_cpus},
      {"host.memory", if_known(spec.host.memory.value), 1e6, 1e18, k_size},
      {"host.disk", if_known(spec.host.disk.value), 1e6, 1e18, k_size},
  };
  for (const auto& [name, limits] : spec.components) {
    const std::string key = "components." + name;
    out.push_back({key + ".cpus", limits.cpus, 0.01, 1e5, k_cpus});
    out.push_back({key + ".memory", number(limits.memory), 1e6, 1e18, k_size});
    out.push_back({key + ".disk", number(limits.disk), 1e6, 1e18, k_size});
  }
  return out;
}

}  // namespace

std::vector<Error> out_of_bounds(const StackSpec& spec) {
  std::vector<Error> out;
  for (const auto& bounds : {bounds_of_load(spec), bounds_of_machines(spec)}) {
    for (const auto& bound : bounds) {
      if (bound.value && (*bound.value < bound.least || *bound.value > bound.most)) {
        out.push_back(fail_setting(bound.key,
                                   fmt::format("'{}' is {} than any stack has", bound.key,
                                               *bound.value < bound.least ? "less" : "more"),
                                   bound.range)
                          .value());
      }
    }
  }
  return out;
}

}  // namespace obsctl
