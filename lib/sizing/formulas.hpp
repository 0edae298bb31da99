// SPDX-License-Identifier: Apache-2.0
// The sizing formulas, one function each, under the id that reports and tests name them by.
//
// F.. are the seeds' formulas (golden-numbers.md), with the slips of the seeds resolved as decided
// there. P.. are rules that the projects publish. D.. are arithmetic of our own between them.
// Units: GB = 1e9 bytes, a day = 86,400 s, a month = 30 days, money in USD.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace obsctl::sizing {

inline constexpr double k_day_seconds = 86400;
inline constexpr double k_month_days = 30;

// F01 GB/day of spans: spans/s, bytes per span.
[[nodiscard]] double trace_gb_day(double spans_s, double span_bytes);

// F02 GB/day of samples: active series, scrape interval in s, bytes per sample.
// The documents' text multiplies by the interval once more; its example does not and is right.
[[nodiscard]] double metric_gb_day(double series, double interval_s, double sample_bytes);

// F03 GB/day of logs: lines/s, bytes per line.
[[nodiscard]] double log_gb_day(double lines_s, double line_bytes);

// F04 GB/month: GB/day and the share *removed* (0.9 keeps a tenth).
[[nodiscard]] double monthly_gb(double daily_gb, double reduction);

// F05 GB of memory of all collectors together. Ten times what F12 asks for.
[[nodiscard]] double collector_memory_gb(double events_s);

// F06 collector cores.
[[nodiscard]] double collector_cores(double events_s);

// F07 GB of memory per Kafka broker; the page cache is half of `available_gb`, the
// memory of the broker's host.
[[nodiscard]] double kafka_memory_gb(double partitions, double available_gb);

// F08 GB of disk per Kafka broker; a minimum.
[[nodiscard]] double kafka_disk_gb(double daily_gb, double days, double replication,
                                   double brokers);

// F09 - F11 GB of memory of all ingesters: 100 KB per active trace, 2 KB per active
// series, 5 KB per active stream.
[[nodiscard]] double trace_memory_gb(double active_traces);
[[nodiscard]] double series_memory_gb(double active_series);
[[nodiscard]] double stream_memory_gb(double active_streams);

// F12 GB of memory by the ratio table: GB per 10,000 events/s.
[[nodiscard]] double ratio_memory_gb(double events_s, double gb_per_10k);

// F13 traces that leave tail sampling: all errors and slow ones (disjoint) and the share
// `keep` of the rest.
[[nodiscard]] double tail_out(double traces, double errors, double slow, double keep);

// F14 spans/s of an application landscape.
[[nodiscard]] double spans_of(double services, double requests_s, double spans_per_request);

// F15 USD per month of a store of `gb`.
[[nodiscard]] double storage_cost(double gb, double usd_per_gb_month);

// F23 share saved by running it oneself.
[[nodiscard]] double saving(double self_hosted, double managed);

// F24 cost with a disaster recovery overhead.
[[nodiscard]] double dr_cost(double base, double overhead);

// F25 share of storage saved by a shorter retention.
[[nodiscard]] double retention_saving(double new_days, double old_days);

// F26 what the memory limiter may use of a container's limit; same unit as given.
[[nodiscard]] double memory_limiter(double container_limit);

// F27 traces that tail sampling must be able to hold at a time.
[[nodiscard]] double tail_traces_held(double decision_wait_s, double traces_s);

// F28 days a year out of service.
[[nodiscard]] double downtime_days(double availability);

// F29 share of failures.
[[nodiscard]] double error_rate(double errors, double successes);

// F30 Mbit/s of spans and log lines that arrive, without compression and framing.
[[nodiscard]] double ingress_mbps(double spans_s, double span_bytes, double lines_s,
                                  double line_bytes);

// F31 days until a disk is full when nothing is deleted.
[[nodiscard]] double disk_days(double disk_gb, double daily_gb);

// D08: days until a disk is full when the load grows by the share `growth` a month and every stream
// of data is deleted after its retention; infinity when it never is (within 100 years).
struct Stored {
  double daily_gb = 0;  // today, all copies
  double retention_days = 0;
};
[[nodiscard]] double days_until_full(double disk_gb, double growth,
                                     std::span<const Stored> streams);

// D24: the share of spans kept when `share` of them would be (F13) and as many as `all_below` a second are
// kept whatever they are. Of 5,000 spans/s, 1,000 and 12.25 % of the other 4,000.
[[nodiscard]] double kept_with_all_below(double share, double all_below, double spans);

// D14: the share of ordinary traces to keep so that tail sampling removes `reduction` of all, given
// the shares of errors and slow traces, which are always kept. Negative when that is impossible.
[[nodiscard]] double keep_for_reduction(double reduction, double errors, double slow);

// How often an exporter waits, without jitter, before it gives up, and for how
// long in all. Waits start at `initial_s`, grow by `multiplier` up to `max_interval_s`, and the
// next one is not begun when it would pass `max_elapsed_s`.
struct RetryBudget {
  int waits = 0;
  double seconds = 0;
};
[[nodiscard]] RetryBudget retry_budget(double initial_s, double multiplier, double max_interval_s,
                                       double max_elapsed_s);

// One formula of the registry: what --explain prints, and how a number is computed from its inputs.
struct Formula {
  std::string_view id;          // "F01"
  std::string_view expression;  // in words of its inputs
  std::string_view unit;        // of the result
  std::string_view source;      // seed line, project document or "derived"
  std::size_t inputs;           // how many; 0: any number
  double (*eval)(std::span<const double>);
};

[[nodiscard]] std::span<const Formula> formulas();

// Where a reader finds a formula: "docs/sizing.md, formula F05".
[[nodiscard]] std::string source_of(std::string_view formula);

// The formula with that id; null when there is none.
[[nodiscard]] const Formula* find_formula(std::string_view id);

}  // namespace obsctl::sizing
