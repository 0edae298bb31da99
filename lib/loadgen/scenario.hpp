// SPDX-License-Identifier: Apache-2.0
// A scenario: what the imagined system looks like and what it emits, as values.
//
// Shipped ones are rows of templates/catalog/scenarios/*.yaml; a user's file has the same form. The
// scenario says nothing about how fast or where to: that is the plan's (plan.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/otlp/model.hpp"

namespace obsctl::loadgen {

// Exactly one source of values is set; `cardinality` and `size` make text.
struct Attribute {
  enum class Spread { uniform, zipf, churn };

  std::string key;
  std::vector<otlp::AnyValue> values = {};  // one: constant; several: chosen evenly per item
  std::uint64_t cardinality = 0;  // >0: `prefix` and a number of fixed width, this many distinct
  Spread spread = Spread::uniform;
  double skew = 1.1;      // zipf exponent
  Duration churn = {60};  // churn: a new set of `cardinality` values this often
  std::string prefix = {};
  std::size_t size = 0;  // >0: exactly this many random characters
};

// Own time of an operation, without its calls: log-normal through these two points.
struct Latency {
  Duration median = {0.005};
  Duration p99 = {0.020};
};

struct Call {
  std::string service;
  std::string operation;
  double share = 1;       // probability that the call is made
  int count = 1;          // so many calls, one after the other
  bool parallel = false;  // starts together with the call before it
};

struct LogLine {
  std::string severity = "INFO";  // TRACE, DEBUG, INFO, WARN, ERROR, FATAL
  std::string body;
  std::size_t size = 0;  // >0: exactly this many bytes of body, filled with words and ids
  std::vector<Attribute> attributes = {};
  bool on_error = false;  // only in traces with an error
};

struct Operation {
  std::string name;
  std::string kind = "internal";  // internal, server, client, producer, consumer
  Latency latency = {};
  std::vector<Attribute> attributes = {};
  std::vector<Call> calls = {};
  std::vector<LogLine> logs = {};
  std::string link = {};   // "parent": a span link instead of a parent (messaging)
  std::string event = {};  // name of a span event
  bool fails = true;       // may be where an error of the trace begins
};

struct Service {
  std::string name;
  std::string sent_name = {};  // service.name of what is sent; empty: `name`
  std::string version = "1.0.0";
  std::vector<Attribute> resource = {};
  std::vector<Operation> operations = {};
  Duration clock_skew = {0};  // added to every timestamp of this service; may be negative
};

struct Root {
  std::string service;
  std::string operation;
  double weight = 1;
};

struct Metric {
  enum class Type { sum, gauge, histogram, exponential_histogram, summary };

  std::string name;
  std::string unit = "1";
  std::string description = {};
  Type type = Type::sum;
  bool cumulative = true;
  bool monotonic = true;
  std::vector<Attribute> attributes = {};
  std::uint64_t series = 0;  // distinct label sets; 0: an equal part of the scenario's
  bool exemplars = false;
};

// Shares of all traces; classes do not overlap, and every prefix of the run holds them to within
// one trace.
struct Mix {
  double errors = 0.005;
  double slow = 0.02;
  Duration slow_threshold = {1};
  double vip = 0;     // of all but health checks: the root carries customer.tier=vip
  double health = 0;  // health-check requests: one span, no children
  double split = 0;   // traces whose second half comes in a later request
  double late = 0;    // traces whose last spans come `late_by` after the rest
  Duration late_by = {15};
};

struct Scenario {
  std::string name;
  std::string description = {};
  std::string source = {};  // where the idea comes from, for a reader; may be empty
  std::vector<Service> services = {};
  std::vector<Root> roots = {};
  std::vector<Metric> metrics = {};
  std::vector<LogLine> logs = {};  // lines outside any operation
  Mix mix = {};
  // Items per second relative to each other (spans, points, records).
  double traces_rate = 1;
  double metrics_rate = 0;
  double logs_rate = 0;
  double series = 1000;       // distinct series over all metrics
  std::size_t span_size = 0;  // >0: every span is padded to this many bytes on the wire
  std::size_t log_size = 0;   // >0: every record's body is filled so that the record has this size
  std::string profile = "constant";
};

// Reads a scenario file. Unknown keys, calls to unknown operations and call cycles are errors with
// a position.
[[nodiscard]] Result<Scenario> parse_scenario(std::string_view text, const std::string& file);

// "KEY=VALUE" with a value as YAML has them: 5 is a number, "5" in quotes is text. `what` names the
// input in the error (Code::usage).
[[nodiscard]] Result<Attribute> parse_attribute(std::string_view text, std::string_view what);

// Adds the attribute to every span, point and record, in place of one with the same key.
void add_to_items(Scenario& scenario, const Attribute& attribute);

// A shipped scenario by name; an unknown name is a usage error with a suggestion.
[[nodiscard]] Result<Scenario> shipped_scenario(std::string_view name);

// How many OTLP series make so many Prometheus series: a point of a histogram or summary becomes
// one series per bucket or quantile and two more, every other point (a native exponential histogram
// too) becomes one.
struct SeriesShare {
  double series = 0;  // Scenario::series
  double points = 0;  // of all metrics in one export
};
[[nodiscard]] SeriesShare share_series(const Scenario& scenario, double stored);
inline constexpr int k_histogram_buckets = 15;
inline constexpr int k_summary_quantiles = 3;

// Series of one metric: the attribute that tells them apart has a digit for each power of ten.
inline constexpr std::uint64_t k_max_series = 99'999'999;

// Names of the shipped scenarios, sorted.
[[nodiscard]] std::vector<std::string> scenario_names();

}  // namespace obsctl::loadgen
