// SPDX-License-Identifier: Apache-2.0
// The formulas and the registry through which every reported number is computed.
#include "lib/sizing/formulas.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "lib/catalog/documents.hpp"

namespace obsctl::sizing {
namespace {

constexpr double k_gb = 1e9;
using In = std::span<const double>;

double sum(In x) {
  return std::accumulate(x.begin(), x.end(), 0.0);
}

// Hosts that hold `cpus` cores and `memory`; a size of 0 is not a constraint.
double hosts_needed(In x) {
  const double by_cpu = x[1] > 0 ? std::ceil(x[0] / x[1]) : 0;
  const double by_memory = x[3] > 0 ? std::ceil(x[2] / x[3]) : 0;
  return std::max({1.0, by_cpu, by_memory});
}

// disk, growth, then GB per day and retention of each stream.
double full_after(In x) {
  std::vector<Stored> streams;
  for (std::size_t i = 2; i + 1 < x.size(); i += 2) {
    streams.push_back({x[i], x[i + 1]});
  }
  return days_until_full(x[0], x[1], streams);
}

// Rounds up to a whole number of steps; a step of 0 leaves the number alone. What floating point
// adds to an exact multiple does not count.
double step_up(double value, double step) {
  constexpr double k_noise = 1e-9;
  return step > 0 ? std::ceil(value / step - k_noise) * step : value;
}

// Triples of amount, what it takes and for how many, from x[first] on.
double sum_of_terms(In x, std::size_t first) {
  double out = 0;
  for (std::size_t i = first; i + 2 < x.size(); i += 3) {
    out += x[i] * x[i + 1] / x[i + 2];
  }
  return out;
}

// floor, step, instances, base, then terms.
double by_terms(In x) {
  return step_up(std::max(x[0], x[3] + sum_of_terms(x, 4) / x[2]), x[1]);
}

// floor, step, instances, base, stored, head-room, then terms.
double by_stored(In x) {
  return step_up(std::max(x[0], x[3] + (x[4] * x[5] + sum_of_terms(x, 6)) / x[2]), x[1]);
}

// The value at `x` of the straight line on log scales through two points.
double on_line(double x, double x1, double y1, double x2, double y2) {
  return x > 0 ? y1 * std::pow(x / x1, std::log(y2 / y1) / std::log(x2 / x1)) : 0;
}

// floor, step, instances, amount, first point, second point, copies, more for each of several
// copies.
double by_points(In x) {
  const double one = on_line(x[3], x[4], x[5], x[6], x[7]);
  const double all = x[8] > 1 ? x[8] * (one + x[9]) : one;
  return step_up(std::max(x[0], all / x[2]), x[1]);
}

// need, floor, step, then what all need, their floors and what there is.
double cut_to_host(In x) {
  const double spare = x[3] - x[4];
  const double share = spare > 0 ? std::clamp((x[5] - x[4]) / spare, 0.0, 1.0) : 0;
  constexpr double k_noise = 1e-9;
  const double cut = x[1] + (x[0] - x[1]) * share;
  return std::max(x[1], x[2] > 0 ? std::floor(cut / x[2] + k_noise) * x[2] : cut);
}

// amount, factor, divisor, floor, rounding (-1 down, 0 not, 1 up).
double as_setting(In x) {
  const double value = x[0] * x[1] / x[2];
  const double rounded = x[4] > 0   ? std::ceil(value - 1e-6)
                         : x[4] < 0 ? std::floor(value + 1e-6)
                                    : value;
  return std::max(x[3], rounded);
}

constexpr std::array k_formulas = {
    Formula{"F01", "spans/s x 86400 x bytes per span / 1e9", "GB/day", catalog::k_documents, 2,
            [](In x) { return trace_gb_day(x[0], x[1]); }},
    Formula{"F02", "series x 86400 / interval x bytes per sample / 1e9", "GB/day", catalog::k_documents, 3,
            [](In x) { return metric_gb_day(x[0], x[1], x[2]); }},
    Formula{"F03", "lines/s x 86400 x bytes per line / 1e9", "GB/day", catalog::k_documents, 2,
            [](In x) { return log_gb_day(x[0], x[1]); }},
    Formula{"F04", "GB/day x 30 x (1 - reduction)", "GB/month", catalog::k_documents, 2,
            [](In x) { return monthly_gb(x[0], x[1]); }},
    Formula{"F05", "events/s x 0.001 + 1", "GB", catalog::k_documents, 1,
            [](In x) { return collector_memory_gb(x[0]); }},
    Formula{"F06", "events/s / 10000", "cores", catalog::k_documents, 1,
            [](In x) { return collector_cores(x[0]); }},
    Formula{"F07", "partitions x 10 MB + 50 % of the broker's memory", "GB", catalog::k_documents, 2,
            [](In x) { return kafka_memory_gb(x[0], x[1]); }},
    Formula{"F08", "GB/day x days x replication / brokers", "GB", catalog::k_documents, 4,
            [](In x) { return kafka_disk_gb(x[0], x[1], x[2], x[3]); }},
    Formula{"F09", "active traces x 100 KB", "GB", catalog::k_documents, 1,
            [](In x) { return trace_memory_gb(x[0]); }},
    Formula{"F10", "active series x 2 KB", "GB", catalog::k_documents, 1,
            [](In x) { return series_memory_gb(x[0]); }},
    Formula{"F11", "active streams x 5 KB", "GB", catalog::k_documents, 1,
            [](In x) { return stream_memory_gb(x[0]); }},
    Formula{"F12", "events/s / 10000 x GB per 10,000 events/s", "GB", catalog::k_documents, 2,
            [](In x) { return ratio_memory_gb(x[0], x[1]); }},
    Formula{"F13", "errors + slow + keep x (all - errors - slow)", "", catalog::k_documents, 4,
            [](In x) { return tail_out(x[0], x[1], x[2], x[3]); }},
    Formula{"F14", "services x requests/s x spans per request", "spans/s", catalog::k_documents, 3,
            [](In x) { return spans_of(x[0], x[1], x[2]); }},
    Formula{"F15", "GB x USD per GB and month", "USD/month", catalog::k_documents, 2,
            [](In x) { return storage_cost(x[0], x[1]); }},
    Formula{"F23", "1 - self-hosted / managed", "", catalog::k_documents, 2,
            [](In x) { return saving(x[0], x[1]); }},
    Formula{"F24", "base x (1 + overhead)", "USD/month", catalog::k_documents, 2,
            [](In x) { return dr_cost(x[0], x[1]); }},
    Formula{"F25", "1 - new days / old days", "", catalog::k_documents, 2,
            [](In x) { return retention_saving(x[0], x[1]); }},
    Formula{"F26", "80 % of the container's limit", "GB", catalog::k_documents, 1,
            [](In x) { return memory_limiter(x[0]); }},
    Formula{"F27", "decision wait x new traces/s", "traces", catalog::k_documents, 2,
            [](In x) { return tail_traces_held(x[0], x[1]); }},
    Formula{"F28", "(1 - availability) x 365", "days/year", catalog::k_documents, 1,
            [](In x) { return downtime_days(x[0]); }},
    Formula{"F29", "errors / (successes + errors)", "", catalog::k_documents, 2,
            [](In x) { return error_rate(x[0], x[1]); }},
    Formula{"F30", "(spans/s x bytes per span + lines/s x bytes per line) x 8 / 1e6", "Mbit/s",
            catalog::k_documents, 4, [](In x) { return ingress_mbps(x[0], x[1], x[2], x[3]); }},
    Formula{"F31", "disk / GB per day", "days", catalog::k_documents, 2,
            [](In x) { return disk_days(x[0], x[1]); }},

    Formula{"D01", "series / interval", "samples/s", "derived", 2,
            [](In x) { return x[0] / x[1]; }},
    Formula{"D02", "spans/s + lines/s (samples are not counted, as in the tier tables)", "events/s",
            catalog::k_documents, 2, sum},
    Formula{"D03", "spans/s / spans per trace", "traces/s", catalog::k_documents, 2,
            [](In x) { return x[0] / x[1]; }},
    Formula{"D04", "GB/day x days of retention x copies", "GB", "derived", 3,
            [](In x) { return x[0] * x[1] * x[2]; }},
    Formula{"D05", "GB/day x share kept", "GB/day", "derived", 2, [](In x) { return x[0] * x[1]; }},
    Formula{"D06", "total / instances", "", "derived", 2, [](In x) { return x[0] / x[1]; }},
    Formula{"D07", "sum", "", "derived", 0, sum},
    Formula{"D08", "days until the disk is full with growth, while data past retention are deleted",
            "days", "derived from formula F31", 0, full_after},
    Formula{"D09", "the more of cores / cores per host and memory / memory per host, rounded up",
            "hosts", "derived", 4, hosts_needed},
    Formula{"D10", "hosts x USD per host and month", "USD/month", "derived", 2,
            [](In x) { return x[0] * x[1]; }},
    Formula{"D11", "rate x bytes per item / 1e6", "MB/s", "derived", 2,
            [](In x) { return x[0] * x[1] / 1e6; }},
    Formula{"D12", "2 streams per line/s (assumed: 10,000 streams at the Small tier)", "streams",
            "assumption", 1, [](In x) { return 2 * x[0]; }},
    Formula{"D13", "given by a table", "", "table", 1, [](In x) { return x[0]; }},
    Formula{"D14", "(1 - reduction - errors - slow) / (1 - errors - slow)", "", "derived from formula F13",
            3, [](In x) { return keep_for_reduction(x[0], x[1], x[2]); }},
    Formula{"D15", "more than the disk that is included, at least 0", "GB", "derived", 2,
            [](In x) { return std::max(0.0, x[0] - x[1]); }},
    Formula{"D16", "table's GB per day x rate / table's rate", "GB/day", "tier table", 3,
            [](In x) { return x[0] * x[1] / x[2]; }},
    Formula{"D17", "instances x per instance", "", "derived", 2, [](In x) { return x[0] * x[1]; }},

    Formula{"D18", "GB/day x share kept x stored per raw byte", "GB/day", "derived", 3,
            [](In x) { return x[0] * x[1] * x[2]; }},
    Formula{"D19", "spans/s x decision wait x bytes per span / 1e9", "GB", "derived", 3,
            [](In x) { return x[0] * x[1] * x[2] / k_gb; }},
    Formula{"D20", "the largest", "", "derived", 0,
            [](In x) { return *std::ranges::max_element(x); }},
    Formula{"D21", "GB/day x days x copies", "GB", "derived", 3,
            [](In x) { return x[0] * x[1] * x[2]; }},
    Formula{"D22", "the smaller", "", "derived", 2, [](In x) { return std::min(x[0], x[1]); }},
    Formula{"D23", "what there is - reserve", "GB", "derived", 2,
            [](In x) { return std::max(0.0, x[0] - x[1]); }},
    Formula{"D24", "share + (1 - share) x the smaller of 1 and all up to / spans/s", "", "derived from formula F13", 3,
            [](In x) { return kept_with_all_below(x[0], x[1], x[2]); }},

    Formula{"R01", "the larger of the floor and base + each amount x what it takes, rounded up", "",
            "the component's sizing rule", 0, by_terms},
    Formula{"R02", "the larger of the floor and the line between two known loads (log scales), rounded up",
            "", "the component's sizing rule", 10, by_points},
    Formula{"R03", "the larger of the floor and base + stored x head-room + each amount x what it takes, rounded up",
            "", "the component's sizing rule", 0, by_stored},
    Formula{"R04", "cut between floor and need so that all fit the host", "", "derived", 6, cut_to_host},
    Formula{"S01", "amount x factor / divisor, rounded, at least the floor", "",
            "the component's settings", 5, as_setting},

    Formula{"P01", "spans/s / 15k + samples/s / 20k + lines/s / 10k", "cores",
            "Splunk distribution, sizing and scaling", 6,
            [](In x) { return x[0] / x[1] + x[2] / x[3] + x[4] / x[5]; }},
    Formula{"P02", "cores x GB per core", "GB", "Splunk distribution, sizing and scaling", 2,
            [](In x) { return x[0] * x[1]; }},
    Formula{"P03", "series x bytes of memory per series / 1e9", "GB", "assumption", 2,
            [](In x) { return x[0] * x[1] / k_gb; }},
    Formula{"P04",
            "ingesters: series x 3 copies / 300k x 2.5 GB; distributors: samples/s / 25k x 1 GB",
            "GB", "mimir docs, planning-capacity", 6,
            [](In x) { return x[0] * x[1] / x[2] * x[3] + x[4] / x[5]; }},
    Formula{"P05", "ingesters: series x 3 copies / 300k; distributors: samples/s / 25k", "cores",
            "mimir docs, planning-capacity", 5,
            [](In x) { return x[0] * x[1] / x[2] + x[3] / x[4]; }},
    Formula{"P06", "distributors: MB/s / 10 x 2 GB; live-stores: MB/s / 6 x 12 GB", "GB",
            "tempo v3.0.3 docs, plan/size", 4,
            [](In x) { return x[0] / x[1] * 2 + x[0] / x[2] * x[3]; }},
    Formula{"P07", "distributors: MB/s / 10 x 2 cores; live-stores: MB/s / 6", "cores",
            "tempo v3.0.3 docs, plan/size", 3, [](In x) { return x[0] / x[1] * 2 + x[0] / x[2]; }},
    Formula{"P08", "between the published sizes on log scales: one binary, clusters to 3 and to 30 TB a day", "",
            "loki v3.7.6 docs, deployment modes and setup/size", 7,
            [](In x) {
              return x[0] <= x[3] ? on_line(x[0], x[1], x[2], x[3], x[4])
                                  : on_line(x[0], x[3], x[4], x[5], x[6]);
            }},
    Formula{"P09", "series x 86400 / interval x bytes per sample x free-disk factor / 1e9",
            "GB/day", "VictoriaMetrics v1.150.0 README, capacity planning", 4,
            [](In x) { return metric_gb_day(x[0], x[1], x[2]) * x[3]; }},
};

}  // namespace

double trace_gb_day(double spans_s, double span_bytes) {
  return spans_s * k_day_seconds * span_bytes / k_gb;
}

double metric_gb_day(double series, double interval_s, double sample_bytes) {
  return series * (k_day_seconds / interval_s) * sample_bytes / k_gb;
}

double log_gb_day(double lines_s, double line_bytes) {
  return lines_s * k_day_seconds * line_bytes / k_gb;
}

double monthly_gb(double daily_gb, double reduction) {
  return daily_gb * k_month_days * (1 - reduction);
}

double collector_memory_gb(double events_s) {
  return events_s * 0.001 + 1;
}

double collector_cores(double events_s) {
  return events_s / 10000;
}

std::string source_of(std::string_view formula) {
  return "docs/sizing.md, formula " + std::string(formula);
}

double kafka_memory_gb(double partitions, double available_gb) {
  return partitions * 0.010 + 0.5 * available_gb;
}

double kafka_disk_gb(double daily_gb, double days, double replication, double brokers) {
  return daily_gb * days * replication / brokers;
}

double trace_memory_gb(double active_traces) {
  return active_traces * 100e3 / k_gb;
}

double series_memory_gb(double active_series) {
  return active_series * 2e3 / k_gb;
}

double stream_memory_gb(double active_streams) {
  return active_streams * 5e3 / k_gb;
}

double ratio_memory_gb(double events_s, double gb_per_10k) {
  return events_s / 10000 * gb_per_10k;
}

double tail_out(double traces, double errors, double slow, double keep) {
  return errors + slow + keep * (traces - errors - slow);
}

double spans_of(double services, double requests_s, double spans_per_request) {
  return services * requests_s * spans_per_request;
}

double storage_cost(double gb, double usd_per_gb_month) {
  return gb * usd_per_gb_month;
}

double saving(double self_hosted, double managed) {
  return 1 - self_hosted / managed;
}

double dr_cost(double base, double overhead) {
  return base * (1 + overhead);
}

double retention_saving(double new_days, double old_days) {
  return 1 - new_days / old_days;
}

double memory_limiter(double container_limit) {
  return 0.8 * container_limit;
}

double tail_traces_held(double decision_wait_s, double traces_s) {
  return decision_wait_s * traces_s;
}

double downtime_days(double availability) {
  return (1 - availability) * 365;
}

double error_rate(double errors, double successes) {
  return errors / (successes + errors);
}

double ingress_mbps(double spans_s, double span_bytes, double lines_s, double line_bytes) {
  return (spans_s * span_bytes + lines_s * line_bytes) * 8 / 1e6;
}

double disk_days(double disk_gb, double daily_gb) {
  return daily_gb > 0 ? disk_gb / daily_gb : std::numeric_limits<double>::infinity();
}

double days_until_full(double disk_gb, double growth, std::span<const Stored> streams) {
  constexpr double k_horizon = 36500;
  const double a = std::log1p(std::max(growth, 0.0)) / k_month_days;
  // What is stored after `t` days: the integral of daily x e^(a s) over the retention window.
  const auto stored = [&](double t) {
    double gb = 0;
    for (const auto& stream : streams) {
      if (stream.daily_gb <= 0) {
        continue;  // and no 0 x infinity below
      }
      const double from = std::max(0.0, t - stream.retention_days);
      gb += stream.daily_gb *
            (a > 0 ? std::exp(a * from) * std::expm1(a * (t - from)) / a : t - from);
    }
    return gb;
  };
  if (!(stored(k_horizon) > disk_gb)) {
    return std::numeric_limits<double>::infinity();
  }
  double low = 0;
  double high = k_horizon;
  for (int i = 0; i < 100; ++i) {  // stored() never falls, so halving finds the day
    const double middle = (low + high) / 2;
    (stored(middle) < disk_gb ? low : high) = middle;
  }
  return high;
}

double kept_with_all_below(double share, double all_below, double spans) {
  const double below = spans > all_below ? all_below / spans : 1;
  return share + (1 - share) * below;
}

double keep_for_reduction(double reduction, double errors, double slow) {
  const double rest = 1 - errors - slow;
  return rest > 0 ? (1 - reduction - errors - slow) / rest : -1;
}

RetryBudget retry_budget(double initial_s, double multiplier, double max_interval_s,
                         double max_elapsed_s) {
  RetryBudget out;
  for (double wait = initial_s; wait > 0 && out.seconds + wait <= max_elapsed_s;
       wait = std::min(wait * multiplier, max_interval_s)) {
    out.seconds += wait;
    ++out.waits;
  }
  return out;
}

std::span<const Formula> formulas() {
  return k_formulas;
}

const Formula* find_formula(std::string_view id) {
  const auto found = std::ranges::find(k_formulas, id, &Formula::id);
  return found == k_formulas.end() ? nullptr : &*found;
}

}  // namespace obsctl::sizing
