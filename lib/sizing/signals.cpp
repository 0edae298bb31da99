// Plans the three signals; the models differ in bytes per item and in what they count before
// sampling.
#include "lib/sizing/signals.hpp"

#include <fmt/format.h>

namespace obsctl::sizing {
namespace {

// A constant of models.yaml as an input.
Input rule_input(const catalog::ModelData& data, const char* name, const char* label,
                 const char* unit) {
  const catalog::PublishedRule& rule = data.rule(name);
  return {label, rule.value, unit, rule.source};
}

Quantity stored_over(const Quantity& daily, const Input& days, const Load& load,
                     const std::string& name) {
  return calc("D04", name + " stored", {daily.input(), days, load.copies});
}

// The table model: the tier's own GB per day, in proportion to the rate.
Quantity by_table(const std::string& name, double gb, const catalog::Tier& tier, const Input& rate,
                  double table_rate) {
  return calc("D16", name + " stored per day",
              {{"table's GB per day", gb, "GB/day", tier.daily.source},
               rate,
               {"table's rate", table_rate, rate.unit, tier.rates.source}});
}

SignalPlan plan_traces(const Load& load, const catalog::Tier& tier, Model model) {
  SignalPlan out;
  out.name = "traces";
  out.item = "spans";
  out.rate = given("spans received", load.spans.value, "spans/s", load.spans.source);
  if (model == Model::table) {
    out.daily =
        by_table(out.name, tier.daily.traces.gb(), tier, load.spans, tier.rates.spans.per_second);
  } else {
    out.raw = calc("F01", "traces received per day", {load.spans, load.span_size});
    out.kept = load.kept;
    out.daily = load.trace_factor.value == 1
                    ? calc("D05", "traces stored per day", {out.raw->input(), load.kept.input()})
                    : calc("D18", "traces stored per day",
                           {out.raw->input(), load.kept.input(), load.trace_factor});
  }
  out.retention = load.trace_days;
  out.stored = stored_over(out.daily, load.trace_days, load, out.name);
  return out;
}

SignalPlan plan_metrics(const StackSpec& spec, const Load& load, const catalog::Tier& tier,
                        const catalog::ModelData& data, Model model) {
  SignalPlan out;
  out.name = "metrics";
  out.item = "series";
  out.rate = given("active series", load.series.value, "series", load.series.source);
  const char* name = "metrics stored per day";
  if (model == Model::table) {
    // The table's rate is at a 15 s interval (Z28).
    out.daily = by_table(out.name, tier.daily.metrics.gb(), tier, load.samples.input(),
                         tier.rates.series / 15);
  } else if (model == Model::published && spec.metrics.backend == "victoriametrics") {
    out.daily = calc("P09", name,
                     {load.series, load.interval,
                      rule_input(data, "victoriametrics_sample_bytes", "bytes per sample", "B"),
                      rule_input(data, "victoriametrics_disk_factor", "free-disk factor", "")});
  } else if (model == Model::published) {
    const bool mimir = tier.find("mimir") != nullptr;
    out.daily = calc("F02", name,
                     {load.series, load.interval,
                      rule_input(data, mimir ? "mimir_sample_bytes" : "prometheus_sample_bytes",
                                 "bytes per sample", "B")});
  } else {
    out.daily = calc("F02", name, {load.series, load.interval, load.sample_size});
  }
  if (model != Model::table) {
    out.raw = out.daily;
  }
  out.retention = load.metric_days;
  out.stored = stored_over(out.daily, load.metric_days, load, out.name);
  return out;
}

SignalPlan plan_logs(const Load& load, const catalog::Tier& tier, Model model) {
  SignalPlan out;
  out.name = "logs";
  out.item = "lines";
  out.rate = given("log lines received", load.lines.value, "lines/s", load.lines.source);
  if (model == Model::table) {
    out.daily =
        by_table(out.name, tier.daily.logs.gb(), tier, load.lines, tier.rates.lines.per_second);
  } else {
    out.raw = calc("F03", "logs received per day", {load.lines, load.line_size});
    out.kept =
        given("stored per raw byte of log", load.log_factor.value, "", load.log_factor.source);
    out.daily = calc("D05", "logs stored per day", {out.raw->input(), load.log_factor});
  }
  out.retention = load.log_days;
  out.stored = stored_over(out.daily, load.log_days, load, out.name);
  return out;
}

}  // namespace

std::vector<SignalPlan> plan_signals(const StackSpec& spec, const Load& load,
                                     const catalog::Tier& tier, const catalog::ModelData& data,
                                     Model model) {
  return {plan_traces(load, tier, model), plan_metrics(spec, load, tier, data, model),
          plan_logs(load, tier, model)};
}

}  // namespace obsctl::sizing
