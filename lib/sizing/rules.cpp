// Memory and CPU rules of each model for the four kinds of component that have any.
#include <fmt/format.h>

#include "lib/sizing/components.hpp"

namespace obsctl::sizing {
namespace {

Input rule_input(const ComponentInputs& in, const char* name, const char* label, const char* unit) {
  const catalog::PublishedRule& rule = in.data.rule(name);
  return {label, rule.value, unit, rule.source};
}

Quantity published_collector_cores(const ComponentInputs& in) {
  return calc(
      "P01", "collector cores",
      {in.load.spans, rule_input(in, "collector_spans_core", "spans/s per core", "spans/s"),
       in.load.samples.input(),
       rule_input(in, "collector_points_core", "samples/s per core", "samples/s"), in.load.lines,
       rule_input(in, "collector_lines_core", "lines/s per core", "lines/s")});
}

// MB/s of spans that reach the trace store.
Quantity trace_stream(const ComponentInputs& in) {
  const Quantity kept =
      calc("D17", "spans stored", {in.load.spans, in.load.kept.input()}, "spans/s");
  return calc("D11", "trace stream", {kept.input(), in.load.span_size});
}

std::optional<Quantity> published_metrics_memory(const ComponentInputs& in) {
  if (in.tier.find("mimir") != nullptr) {
    return calc(
        "P04", "metrics store memory",
        {in.load.series, rule_input(in, "mimir_replication", "copies", ""),
         rule_input(in, "mimir_ingester_series", "series per ingester", "series"),
         rule_input(in, "mimir_ingester_gb", "GB per ingester", "GB"), in.load.samples.input(),
         rule_input(in, "mimir_samples_core", "samples/s per distributor", "samples/s")});
  }
  if (in.spec.metrics.backend == "victoriametrics") {
    return std::nullopt;  // published as headroom, not as a size
  }
  return calc("P03", "metrics store memory",
              {in.load.series,
               rule_input(in, "prometheus_series_bytes", "bytes of memory per series", "B")});
}

// A size between the published ones of Loki, without a step where one binary ends.
Quantity published_loki(const ComponentInputs& in, const char* single, const char* small,
                        const char* large, const char* name, const char* unit) {
  return calc(
      "P08", name,
      {in.signals[2].daily.input(), rule_input(in, "loki_single_gb_day", "one binary", "GB/day"),
       rule_input(in, single, "takes", unit),
       rule_input(in, "loki_large_gb_day", "a cluster", "GB/day"),
       rule_input(in, small, "takes", unit),
       rule_input(in, "loki_largest_gb_day", "the largest", "GB/day"),
       rule_input(in, large, "takes", unit)},
      unit);
}

std::optional<Quantity> published_memory(const ComponentInputs& in, Part part) {
  switch (part) {
    case Part::collector:
      return calc("P02", "collector memory",
                  {published_collector_cores(in).input(),
                   rule_input(in, "collector_gb_core", "GB per core", "GB")});
    case Part::metrics: return published_metrics_memory(in);
    case Part::traces:
      if (in.tier.find("tempo") == nullptr) {
        return std::nullopt;  // Jaeger publishes no rule
      }
      return calc("P06", "trace store memory",
                  {trace_stream(in).input(),
                   rule_input(in, "tempo_distributor_mb", "MB/s per distributor", "MB/s"),
                   rule_input(in, "tempo_livestore_mb", "MB/s per live-store", "MB/s"),
                   rule_input(in, "tempo_livestore_gb", "GB per live-store", "GB")});
    case Part::logs: {
      const Quantity gib = published_loki(in, "loki_single_gib", "loki_cluster_gib",
                                          "loki_large_gib", "log store memory", "GiB");
      return calc("D17", "log store memory",
                  {gib.input(), {"GB per GiB", Bytes::from_gib(1).gb(), "GB", "definition"}}, "GB");
    }
  }
  return std::nullopt;
}

Quantity documented_memory(const ComponentInputs& in, Part part) {
  switch (part) {
    case Part::collector: return calc("F05", "collector memory", {in.load.events.input()});
    case Part::metrics: return calc("F10", "metrics store memory", {in.load.series});
    case Part::traces: {
      const Quantity active =
          calc("F27", "active traces", {in.load.decision_wait, in.load.traces.input()});
      return calc("F09", "trace store memory", {active.input()});
    }
    case Part::logs: break;
  }
  return calc("F11", "log store memory", {in.load.streams.input()});
}

}  // namespace

std::optional<Quantity> memory_rule(const ComponentInputs& in, Part part) {
  switch (in.model) {
    case Model::recommended:  // by the rules of the component's folder (recommend.cpp)
    case Model::table: return std::nullopt;
    case Model::published: return published_memory(in, part);
    case Model::documented:
    case Model::measured:
      break;  // memory does not scale from one measurement: the documented formula stays
  }
  return documented_memory(in, part);
}

std::optional<Quantity> cpu_rule(const ComponentInputs& in, Part part) {
  if (in.model == Model::table || in.model == Model::recommended) {
    return std::nullopt;
  }
  if (in.model != Model::published) {
    return part == Part::collector
               ? std::optional(calc("F06", "collector cores", {in.load.events.input()}))
               : std::nullopt;
  }
  switch (part) {
    case Part::collector: return published_collector_cores(in);
    case Part::metrics:
      if (in.tier.find("mimir") == nullptr) {
        return std::nullopt;
      }
      return calc("P05", "metrics store cores",
                  {in.load.series, rule_input(in, "mimir_replication", "copies", ""),
                   rule_input(in, "mimir_ingester_series", "series per ingester", "series"),
                   in.load.samples.input(),
                   rule_input(in, "mimir_samples_core", "samples/s per distributor", "samples/s")});
    case Part::traces:
      if (in.tier.find("tempo") == nullptr) {
        return std::nullopt;
      }
      return calc("P07", "trace store cores",
                  {trace_stream(in).input(),
                   rule_input(in, "tempo_distributor_mb", "MB/s per distributor", "MB/s"),
                   rule_input(in, "tempo_livestore_mb", "MB/s per live-store", "MB/s")});
    case Part::logs:
      return published_loki(in, "loki_single_cores", "loki_cluster_cores", "loki_large_cores",
                            "log store cores", "cores");
  }
  return std::nullopt;
}

}  // namespace obsctl::sizing
