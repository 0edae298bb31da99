// SPDX-License-Identifier: Apache-2.0
// What is told about a run: one value, printed as text, JSON (obsctl.loadgen/v1), Markdown and
// JUnit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/loadgen/ledger.hpp"
#include "lib/loadgen/run.hpp"
#include "lib/loadgen/sampling.hpp"
#include "lib/loadgen/sink_counts.hpp"

namespace obsctl::loadgen {

// One threshold and how it went.
struct Verdict {
  std::string text;    // as given, for example "p99<50ms"
  std::string actual;  // the measured value, readable
  bool met = false;
};

// One run of a search for the highest rate.
struct Trial {
  double asked = 0;     // items/s
  double achieved = 0;  // accepted items/s
  double p99 = 0;       // seconds, from the intended time
  double errors = 0;    // share of items that were not accepted
  bool held = false;
  std::string note = {};  // why it did not hold
};

struct Search {
  std::vector<Trial> trials;
  double highest = 0;            // items/s that met the objective; 0: none did
  int met = 0;                   // trials at that rate that met it …
  int tried = 0;                 // … of so many
  bool generator_bound = false;  // the generator, not the target, was the limit
  std::string ended_by = {};     // why it ended before it was done: a trial that could not be run

  // What was met once may have been luck.
  [[nodiscard]] bool confirmed() const { return met > 1; }
};

// What a tier is documented to carry and whether it was carried. A signal that is not sent has
// rate 0.
struct TierVerdict {
  std::string tier;
  double spans = 0;     // per second
  double series = 0;    // as Prometheus counts them …
  double interval = 0;  // … written once in so many seconds …
  double points = 0;    // … by so many points per second
  double records = 0;   // per second
  bool held = false;
  std::string reason = {};  // why it did not hold
};

struct Report {
  std::string name = {};  // of the file it was read from
  std::string scenario;
  std::string fingerprint;
  std::uint64_t seed = 0;
  std::vector<std::string> endpoints;
  std::string protocol;     // "grpc", "http/protobuf", "http/json"
  std::string compression;  // "none", "gzip", "zstd"
  std::string profile;
  Unit unit = Unit::items;
  double asked_rate = 0;  // units/s before the profile, 0: as fast as possible
  double expected = 0;    // units that the schedule held, 0: unknown
  double duration = 0;    // seconds asked for, 0: by count
  double warmup = 0;
  std::int64_t shard = 0;
  std::int64_t shards = 1;
  RunResult result;
  std::vector<Verdict> verdicts;
  std::optional<LedgerReport> ledger;
  std::optional<SamplingReport> sampling;
  std::optional<SinkReport> sink;
  std::optional<Search> search;
  std::optional<TierVerdict> tier;
  std::map<std::string, std::string> environment;  // settings by the variable they came from
  std::optional<Error> failure;  // why the run as a whole came to nothing, or lacks a part
  std::map<std::string, double> measured;  // calibration values, by the names of obsctl.yaml

  // Units per second that were sent, over the planned time or the time it really took if that is
  // longer. A single request has no rate.
  [[nodiscard]] std::optional<double> sent_rate() const;
  // Items per second that were accepted; likewise.
  [[nodiscard]] std::optional<double> accepted_rate() const;
  // |sent units - due units| / due units; 0 without a schedule.
  [[nodiscard]] double rate_error() const;
  // Share of items that were not accepted, unsent ones included.
  [[nodiscard]] double error_share() const;
  // Every threshold, the ledger, the sink, the sampling check and the tier.
  [[nodiscard]] bool checks_hold() const;
  // They hold, and something arrived. A shard's part may be nothing.
  [[nodiscard]] bool passed() const;
  [[nodiscard]] double run_seconds() const;
};

enum class Format : std::uint8_t { text, json, markdown, junit };

[[nodiscard]] constexpr auto names_of(Format) {
  return std::to_array<Named<Format>>({{Format::text, "text"},
                                       {Format::json, "json"},
                                       {Format::markdown, "markdown"},
                                       {Format::junit, "junit"}});
}

// `color` is for text alone.
[[nodiscard]] std::string print_report(const Report& report, Format format, bool color);
[[nodiscard]] std::string report_text(const Report& report, bool color);
[[nodiscard]] std::string report_json(const Report& report);
[[nodiscard]] std::string report_markdown(const Report& report);
[[nodiscard]] std::string report_junit(const Report& report);

// Reads a JSON report back; `name` is the file in errors.
[[nodiscard]] Result<Report> read_report(std::string_view json, const std::string& name);

// Several generators' reports of one plan as one, with the thresholds judged for the whole and a
// verdict about shards without a report. What one generator compared with a collector or a sink
// (ledger, sampling, sink counts) stays out: it saw the others' items too. Errors: different plans,
// a part that is there twice.
[[nodiscard]] Result<Report> merge_reports(const std::vector<Report>& reports);

// Two reports side by side, as text.
[[nodiscard]] std::string compare_reports(const Report& a, const Report& b,
                                          const std::string& name_a, const std::string& name_b,
                                          bool color);

// Thresholds: "p50|p90|p99|p99.9|p99.99|max|mean < DURATION", "errors|loss|late|unsent < SHARE",
// "queue < COUNT" (growth of the collector's exporter queues, needs a ledger),
// "rate > SHARE|RATE" (accepted, as a share of the asked rate or absolute, by all shards together).
// Spaces are optional.
struct Threshold {
  enum class Metric : std::uint8_t {
    latency,
    mean,
    errors,
    loss,
    late,
    unsent,
    rejected,
    rate,
    absolute_rate,
    queue
  };

  std::string text;
  Metric metric = Metric::latency;
  double percentile = 0;  // of the latency, as a share; 1: the maximum
  bool below = true;
  double limit = 0;  // seconds, share, items/s or count
};
[[nodiscard]] Result<Threshold> parse_threshold(std::string_view text);
[[nodiscard]] Verdict judge(const Threshold& threshold, const Report& report);

}  // namespace obsctl::loadgen
