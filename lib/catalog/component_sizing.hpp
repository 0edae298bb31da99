// SPDX-License-Identifier: Apache-2.0
// What a component needs for a load and which settings follow from it:
// templates/components/*/sizing.yaml.
//
// Data, so that a component is sized without a line of code about it. The generic rules that read
// it are in lib/sizing/recommend.cpp and settings.cpp.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/catalog/signal.hpp"

namespace obsctl::catalog {

// The amounts of the load that a rule can name; lib/sizing/amounts.cpp computes each of them. Per
// second unless the name says otherwise; bytes in B, gb in GB.
inline constexpr auto k_load_amounts = std::to_array<std::string_view>({
    "spans",
    "traces",
    "stored_spans",
    "held_traces",
    "held_bytes",
    "series",
    "samples",
    "lines",
    "streams",
    "events",
    "log_gb_per_day",
    "log_bytes_per_second",
    "kept_trace_bytes_per_second",
    "kept_trace_mb_per_second",
    "received_mb_per_second",
    "queue_bytes_per_second",
    "queued_gb",
    "partitions",
});

// Where a rule comes from, for a person who wants to check it.
struct Reference {
  std::string text;
  std::string url;  // may be empty
};

// `takes` of the resource for each `per` of the amount `of`: one of the load, and for memory and
// disk also the component's own "cores".
struct Term {
  std::string of;
  double per = 1;
  double takes = 0;
};

// Two known loads with what they take.
struct Points {
  std::string of;
  double at[2] = {};
  double take[2] = {};
};

// Cores, or bytes of memory or disk.
struct ResourceRule {
  double floor = 0;
  double base = 0;
  std::vector<Term> per;
  std::optional<Points> points;
  double replicated = 0;  // more for each copy, when there is more than one
  double headroom = 0;    // disk: times what is stored over the retention; 0: stores nothing
  Reference source;
};

// How a store turns received bytes of a signal into stored ones.
struct StoredRule {
  double factor = 1;       // traces and logs: stored bytes per raw byte
  double sample_size = 0;  // metrics: stored bytes per sample
  Reference source;
};

enum class Rounding { none, up, down };

// A number of a generated file: an amount `times` a factor, `over` another amount. Besides the
// load's amounts there are the component's "cores", "memory", "disk" and the settings above.
struct SettingRule {
  std::string name;
  std::string of;
  std::string over;  // empty: not divided
  double times = 1;
  double floor = 0;
  std::string unit;  // MiB: `of` is in GB and the setting counts in MiB; otherwise only a label
  Rounding round = Rounding::none;
  std::string why;
  std::string in;  // generated file and key
  std::string url;
};

struct ComponentSizing {
  std::string name;
  ResourceRule cpus;
  ResourceRule memory;
  ResourceRule disk;
  std::map<Signal, StoredRule> stores;
  bool holds_objects = false;  // its disk is the object store of the others
  std::string runs_once;       // why it cannot have a second instance; empty: it can
  std::vector<SettingRule> settings;
  // By name of a measure of the catalog: PromQL queries over the component's own metrics.
  std::map<std::string, std::vector<std::string>> measures;
};

using SizingRules = std::map<std::string, ComponentSizing>;

// `name` is the component's. The error holds every mistake of the file, with line and column.
[[nodiscard]] Result<ComponentSizing> parse_component_sizing(std::string_view text,
                                                             const std::string& file,
                                                             const std::string& name);

// The key of what a component needs as a cluster, from sizing.cluster.yaml: where that is another
// program's worth of work than one process, and no factor leads from one to the other.
[[nodiscard]] std::string cluster_of(const std::string& component);

// Every component's rules of the embedded templates, and the settings that every component has.
[[nodiscard]] Result<SizingRules> sizing_rules();
[[nodiscard]] Result<std::vector<SettingRule>> common_settings();

}  // namespace obsctl::catalog
