// SPDX-License-Identifier: Apache-2.0
// The load that a sizing starts from: every rate and size with where it came from.
//
// A value of the spec comes first, then (for the recommended and the measured model) a calibrated
// one, then, where no rate at all is asked for, the profile's or the tier's. Once one rate is asked
// for, the others are 0: nobody pays for rates that nobody named.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "lib/model/spec.hpp"
#include "lib/sizing/catalogs.hpp"
#include "lib/sizing/quantity.hpp"

namespace obsctl::sizing {

using catalog::Signal;

// recommended takes for each number the rule that deserves trust; the others are one source each.
enum class Model { recommended, documented, table, published, measured };

constexpr auto names_of(Model) {
  return std::to_array<Named<Model>>({{Model::recommended, "recommended"},
                                      {Model::documented, "documented"},
                                      {Model::table, "table"},
                                      {Model::published, "published"},
                                      {Model::measured, "measured"}});
}

// Names of calibration values, as `size --from-prometheus` writes them into obsctl.yaml. Rates are
// per second and before sampling; sizes are stored bytes where they could be measured, else
// received ones.
namespace calibrated {
inline constexpr const char* spans = "spans_per_second";
inline constexpr const char* lines = "lines_per_second";
inline constexpr const char* samples = "samples_per_second";
inline constexpr const char* series = "series";
inline constexpr const char* streams = "streams";
inline constexpr const char* span_size = "span_size_bytes";
inline constexpr const char* sample_size = "sample_size_bytes";
inline constexpr const char* line_size = "line_size_bytes";
inline constexpr const char* kept = "kept_share";
}  // namespace calibrated

struct Load {
  Input spans;      // spans/s received
  Input span_size;  // bytes
  Quantity traces;  // new traces/s
  Input series;     // active
  Input interval;   // s
  Input sample_size;
  Quantity samples;  // samples/s
  Input lines;       // lines/s received
  Input line_size;
  Quantity streams;  // active log streams
  bool streams_assumed = false;
  Quantity events;      // events/s: spans and lines
  Quantity kept;        // share of spans that tail sampling keeps
  Input trace_factor;   // stored bytes per raw byte of trace
  Input log_factor;     // stored bytes per raw byte of log
  Input decision_wait;  // s

  Input trace_days;  // retention
  Input metric_days;
  Input log_days;
  Input copies;  // sizing.replication

  // True when no rate was asked for or measured, so that all are those of the profile or the tier.
  [[nodiscard]] bool rates_assumed() const;

  std::vector<std::string>
      unstated;  // signals sized for nothing, because only others were asked for
};

// `stores` are the rules of the component that stores each signal, as far as it has any; only the
// recommended model reads them.
using StoreRules = std::map<Signal, catalog::StoredRule>;
[[nodiscard]] Load resolve_load(const StackSpec& spec, const catalog::Tier& tier,
                                const Catalogs& catalogs, Model model, const StoreRules& stores);

// True when the spec asks for any rate: spans, traces, series or log lines.
[[nodiscard]] bool states_load(const StackSpec& spec);

}  // namespace obsctl::sizing
