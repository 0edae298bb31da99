// SPDX-License-Identifier: Apache-2.0
// Computes the amounts from load and signals, each by a formula of the registry.
#include "lib/sizing/amounts.hpp"

#include "lib/catalog/documents.hpp"

namespace obsctl::sizing {
namespace {

// What a data point takes on the wire in OTLP, with its share of names and attributes.
constexpr double k_point_bytes = 100;

void add_traces(const StackSpec& spec, const Load& load, Amounts& out) {
  const Quantity stored =
      calc("D17", "spans stored per second", {load.spans, load.kept.input()}, "spans/s");
  out["spans"] = load.spans;
  out["traces"] = load.traces.input();
  out["stored_spans"] = stored.input();
  out["held_traces"] =
      calc("F27", "traces within the decision wait", {load.decision_wait, load.traces.input()})
          .input();
  const Input wait = spec.traces.keep.value < 1 ? load.decision_wait
                                                : Input{"decision wait", 0, "s",
                                                        "traces.keep: every trace, so none waits"};
  out["held_bytes"] =
      calc("D19", "spans held by tail sampling", {load.spans, wait, load.span_size}).input();
  out["kept_trace_bytes_per_second"] =
      calc("D17", "bytes of kept spans per second", {stored.input(), load.span_size}, "B/s")
          .input();
  out["kept_trace_mb_per_second"] =
      calc("D11", "kept spans, MB per second", {stored.input(), load.span_size}).input();
}

}  // namespace

Quantity queue_partitions(const StackSpec& spec) {
  constexpr double k_topics = 3;  // one per signal
  return calc(
      "D17", "partitions",
      {{"topics", k_topics, "", catalog::k_documents},
       {"partitions per topic", spec.sizing.kafka_partitions, "", "sizing.kafka_partitions"}},
      "partitions");
}

Amounts load_amounts(const StackSpec& spec, const Load& load,
                     const std::vector<SignalPlan>& signals) {
  Amounts out;
  add_traces(spec, load, out);
  out["series"] = load.series;
  out["samples"] = load.samples.input();
  out["lines"] = load.lines;
  out["streams"] = load.streams.input();
  out["events"] = load.events.input();
  const Quantity log_bytes =
      calc("D17", "bytes of log records per second", {load.lines, load.line_size}, "B/s");
  out["log_bytes_per_second"] = log_bytes.input();
  out["log_gb_per_day"] = calc("F03", "log records per day", {load.lines, load.line_size}).input();
  const Quantity points = calc(
      "D17", "bytes of data points per second",
      {load.samples.input(), {"bytes per data point", k_point_bytes, "B", "assumption"}}, "B/s");
  out["queue_bytes_per_second"] =
      calc("D20", "bytes per second of the largest signal",
           {out["kept_trace_bytes_per_second"], points.input(), log_bytes.input()}, "B/s")
          .input();
  const Quantity spans =
      calc("D17", "bytes of spans per second", {load.spans, load.span_size}, "B/s");
  const Quantity all = sum_of("bytes received per second", {spans, points, log_bytes});
  out["received_mb_per_second"] =
      calc("D11", "MB received per second", {all.input(), {"bytes", 1, "", "definition"}}).input();
  std::vector<Quantity> queued;
  for (const auto& signal : signals) {
    queued.push_back(signal.raw ? *signal.raw : signal.daily);
  }
  out["queued_gb"] =
      calc("D21", "in the queue",
           {sum_of("through the queue per day", queued).input(),
            {"retention", spec.sizing.kafka_retention.days(), "days", "sizing.kafka_retention"},
            {"copies", spec.sizing.kafka_replication, "", "sizing.kafka_replication"}})
          .input();
  out["partitions"] = queue_partitions(spec).input();
  return out;
}

}  // namespace obsctl::sizing
