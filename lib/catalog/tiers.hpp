// SPDX-License-Identifier: Apache-2.0
// The scale tiers and their component tables, from templates/catalog/tiers.yaml.
//
// One table answers "what does this tier give a component?" for sizing, for the generated limits
// and for the checks, so that no limit or retention is typed twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/catalog/signal.hpp"

namespace obsctl::catalog {

// One row of a tier's component table; cpus, memory and disk are per instance.
struct TierComponent {
  std::string name;       // of its folder, or of a pool, for example "loki" or "otel-gateway"
  std::string component;  // the folder whose rules size it
  std::string title;      // "Loki"
  int instances = 0;      // 0: a managed service without machines of its own
  double cpus = 0;        // cores
  Bytes memory;
  Bytes disk;                  // 0: keeps nothing on a disk of its own
  Bytes total_disk;            // of all instances
  std::string role;            // row of instances.yaml: collector, kafka, storage or grafana
  std::vector<Signal> stores;  // whose data lie on its disk
  std::string note;            // what the disk is for; may be empty
};

struct TierRates {
  Rate spans;
  double series = 0;
  Rate lines;
};

// Stored bytes per day of the tier's own throughput table.
struct TierDaily {
  Bytes traces;
  Bytes metrics;
  Bytes logs;
};

struct TierRetention {
  Duration min;  // the tier's range
  Duration max;
  Duration traces;  // defaults of obsctl, for small those of the documents
  Duration metrics;
  Duration logs;
};

struct TierNetwork {
  double ingress_mbps = 0;
  double internal_mbps = 0;
  std::string ports;
  std::string topology;
};

// A sum of cores, memory and disk, computed or as a table prints it.
struct Resources {
  double cpus = 0;
  Bytes memory;
  Bytes disk;
  int instances = 0;
};

struct Tier {
  std::string name;   // "small"
  std::string title;  // "Small"
  std::string meant_for;
  double events_min = 0;          // events/s, inclusive
  double events_max = 0;          // exclusive, unless `open`
  bool open = false;              // the table writes "2M+"
  double series_max = 0;          // active series, inclusive
  bool single_node = false;       // one host carries it; a profile says which
  std::vector<std::string> also;  // components that the documents' table leaves out
  std::string applications;
  std::string users;
  TierRates rates;
  TierDaily daily;
  TierRetention retention;
  TierNetwork network;
  Resources cheat_sheet;  // what the reference documents print as recommended host or total
  std::vector<TierComponent> components;

  // The row of a component, or null.
  [[nodiscard]] const TierComponent* find(std::string_view component) const;

  // Sum of the rows, never the printed total.
  [[nodiscard]] Resources total() const;
};

// All tiers from smallest to largest. `text` and `file` are for tests; the product reads the
// embedded file. Errors name file, line and column.
[[nodiscard]] Result<std::vector<Tier>> parse_tiers(std::string_view text, const std::string& file);
[[nodiscard]] Result<std::vector<Tier>> tiers();

// One tier by name; an unknown name is a usage error with a suggestion.
[[nodiscard]] Result<Tier> tier(std::string_view name);

// The smallest of `all` that holds both `events_per_second` and
// `series`; the largest when none does. `all` must not be empty.
[[nodiscard]] const Tier& tier_for(const std::vector<Tier>& all, double events_per_second,
                                   double series);

}  // namespace obsctl::catalog
