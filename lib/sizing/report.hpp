// SPDX-License-Identifier: Apache-2.0
// SizingReport: the whole answer to "what does this load need?" as one value, ready to print or
// check.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/sizing/load.hpp"
#include "lib/sizing/quantity.hpp"

namespace obsctl::sizing {

struct SignalPlan {
  std::string name;
  std::string item;                    // "spans", "series", "lines"
  Quantity rate;                       // items per second, or series
  std::optional<Quantity> raw;         // GB/day before sampling; absent in the table model
  std::optional<Quantity> kept;        // share stored
  Quantity daily;                      // GB/day stored, one copy
  Input retention;                     // days
  Quantity stored;                     // GB over the retention, all copies
  std::optional<Quantity> documented;  // recommended model: GB stored by the documented formulas
};

// The plan of a signal in the list of all of them.
[[nodiscard]] inline const SignalPlan& plan_of(const std::vector<SignalPlan>& plans,
                                               Signal signal) {
  return plans[static_cast<std::size_t>(signal)];
}

// A resource of one instance: what a formula asks for, what the tier's table gives, what is chosen.
struct Choice {
  std::optional<Quantity> formula;  // per instance; absent: no formula covers it
  Quantity table;                   // the tier's row, or the spec's override of it
  Quantity chosen;
  std::string reason;                  // why, in a few words
  std::optional<Quantity> documented;  // recommended model: what the documented formulas choose
  double floor = 0;                    // recommended model: never less, however small the load
  bool overridden = false;             // the spec sets it
};

struct ComponentPlan {
  std::string name;
  std::string title;
  std::string role;
  int table_instances = 0;
  int instances = 0;
  std::string instances_reason;
  Choice cpus;    // cores per instance
  Choice memory;  // GB per instance
  Choice disk;    // GB per instance; both 0: none
  std::vector<Signal> stores;
  std::vector<Quantity> settings;  // numbers of the generated files; key "<component>.<setting>"

  // The value of a setting; 0 when the component has none of that name.
  [[nodiscard]] double setting(std::string_view setting_name) const;
};

// The host that bounds a single-node plan, and what the components ask for together.
struct HostPlan {
  std::string profile;
  Quantity cpus;                 // cores there are
  Quantity memory;               // GB there are, less what the kernel and the engine keep
  std::optional<Quantity> disk;  // GB; absent: disks follow from load and retention
  Quantity need_cpus;
  Quantity need_memory;
  Quantity need_disk;
  std::string smallest;  // the smallest profile that holds the plan; empty: none does
  double smallest_cpus = 0;
  double smallest_memory_gb = 0;

  [[nodiscard]] bool holds_cpus() const;
  [[nodiscard]] bool holds_memory() const;
  [[nodiscard]] bool holds_disk() const;
  [[nodiscard]] bool holds() const { return holds_cpus() && holds_memory() && holds_disk(); }
};

// When the disk that a component has now will be full.
struct DiskOutlook {
  std::string component;
  Quantity disk;       // GB provisioned over all instances
  Quantity needed;     // GB over the retention
  Quantity full_days;  // infinity: never
};

struct KafkaPlan {
  Quantity brokers;
  Quantity partitions;  // over all topics
  Quantity daily;       // GB/day through Kafka
  Quantity memory;      // GB per broker
  Quantity disk;        // GB per broker
  Quantity table_disk;  // GB per broker of the tier table; 0: the tier has no Kafka
  std::vector<std::string> other_tables;  // what the other sizing tables say
};

struct NetworkPlan {
  Quantity ingress;  // Mbit/s
  Quantity table;    // Mbit/s of the tier table
  double internal_mbps = 0;
  std::string topology;
  bool fits = false;  // with 30 % headroom
};

struct HaRow {
  std::string component;
  int instances = 0;
  int minimum = 0;
  int recommended = 0;
  std::string needs;
  std::string source;
};

struct CostRow {
  Vendor provider = Vendor::all;
  std::string configuration;      // "9 x m6i.2xlarge"
  std::optional<Quantity> hosts;  // how many are needed; absent where sizes are not stated
  int table_hosts = 0;
  Quantity hosts_low;
  Quantity hosts_high;
  std::optional<Quantity> storage_low;  // absent: not priced
  std::optional<Quantity> storage_high;
  Quantity low;  // USD per month
  Quantity high;
  std::string note;
  std::string instance_types;
  std::string price_date;  // of the list, "2025-11"
  std::string price_source;
  std::string price_url;
};

struct DrRow {
  std::string rpo;
  std::string rto;
  std::string strategy;
  double overhead = 0;
  Quantity low;
  Quantity high;
};

struct CostPlan {
  std::vector<CostRow> providers;
  std::vector<std::string> unpriced;  // providers without a price for this tier
  Quantity tco_low;                   // with operations and storage, by the documents' table
  Quantity tco_high;
  std::optional<Quantity> managed_low;
  std::optional<Quantity> managed_high;
  std::optional<Quantity> saving_low;  // like for like: low against low
  std::optional<Quantity> saving_high;
  std::vector<DrRow> dr;
  std::string dr_base;  // which cost row the overheads are applied to
};

// One quantity as each model sees it.
struct ModelRow {
  std::string name;
  std::string unit;
  std::vector<std::pair<std::string, Quantity>> values;  // by model name, in a fixed order
  double spread = 1;                                     // largest / smallest
  std::string trusted;  // the model to believe; set when spread > 2
  std::string why;
};

struct Note {
  std::string id;  // "collector_memory"
  std::string text;
};

struct SizingReport {
  Model model = Model::recommended;
  std::string tier;
  std::string tier_title;
  std::string tier_source;  // the table that decided
  double tier_events_max = 0;
  std::string tier_by_load;              // the tier that the load asks for
  std::vector<std::string> other_tiers;  // what the other tables would say
  bool ha = false;
  double growth = 0;

  Load load;
  std::vector<SignalPlan> signals;  // in the order of Signal
  std::optional<Quantity> raw_daily;
  Quantity daily;
  Quantity stored;
  Quantity month;  // GB in 30 days

  std::vector<ComponentPlan> components;
  std::optional<HostPlan> host;  // recommended model of a tier that one host carries
  Quantity instances;
  Quantity cpus;
  Quantity memory;
  Quantity disk;
  Quantity table_cpus;
  Quantity table_memory;
  Quantity table_disk;
  std::vector<DiskOutlook> disks;

  Quantity tail_traces;  // traces that tail sampling must hold
  std::optional<KafkaPlan> kafka;
  std::string loki_mode;  // empty: the plan has no Loki
  std::string loki_note;  // what Loki itself says about that mode; may be empty
  NetworkPlan network;
  std::vector<HaRow> availability;
  CostPlan cost;
  std::vector<ModelRow> models;
  std::vector<Note> notes;
  std::vector<std::string> assumptions;

  // A component of the plan, or null.
  [[nodiscard]] const ComponentPlan* find(std::string_view component) const;
};

// Every computed number of the report, in the order a reader meets them.
[[nodiscard]] std::vector<const Quantity*> quantities(const SizingReport& report);

}  // namespace obsctl::sizing
