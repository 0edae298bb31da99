// SPDX-License-Identifier: Apache-2.0
// Plans the three signals; the models differ in bytes per item and in what they count before
// sampling.
#include "lib/sizing/signals.hpp"

#include <fmt/format.h>

#include "lib/catalog/documents.hpp"
#include "lib/sizing/components.hpp"
#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing {
namespace {

constexpr const char* k_metrics_daily = "metrics stored per day";

Quantity stored_over(const Quantity& daily, const Input& days, const Load& load,
                     const std::string& name) {
  return calc("D04", name + " stored", {daily.input(), days, load.copies});
}

// The table model: the tier's own GB per day, in proportion to the rate.
Quantity by_table(const std::string& name, double gb, const Input& rate, double table_rate) {
  return calc("D16", name + " stored per day",
              {{"table's GB per day", gb, "GB/day", catalog::k_documents},
               rate,
               {"table's rate", table_rate, rate.unit, catalog::k_documents}});
}

SignalPlan plan_traces(const LoadInputs& in) {
  const Load& load = in.load;
  SignalPlan out;
  out.name = "traces";
  out.item = "spans";
  out.rate = given("spans received", load.spans.value, "spans/s", load.spans.source);
  if (in.model == Model::table) {
    out.daily =
        by_table(out.name, in.tier.daily.traces.gb(), load.spans, in.tier.rates.spans.per_second);
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

// By the formula of the tier's store, else by its published bytes per sample.
Quantity published_metrics(const LoadInputs& in) {
  const catalog::TierComponent* row = row_of(in, Signal::metrics);
  const std::string store = row != nullptr ? row->component : "";
  const OwnRules* own = own_rules(store);
  if (own != nullptr && own->metrics_daily != nullptr) {
    return own->metrics_daily(in);
  }
  const Input size =
      constant(in, fmt::format("{}_sample_bytes", store).c_str(), "bytes per sample", "B");
  return calc("F02", k_metrics_daily,
              {in.load.series, in.load.interval, size.value > 0 ? size : in.load.sample_size});
}

Quantity metrics_daily(const LoadInputs& in) {
  const Load& load = in.load;
  if (in.model == Model::table) {
    // The table's rate is at a 15 s interval.
    constexpr double k_table_interval = 15;
    return by_table("metrics", in.tier.daily.metrics.gb(), load.samples.input(),
                    in.tier.rates.series / k_table_interval);
  }
  return in.model == Model::published
             ? published_metrics(in)
             : calc("F02", k_metrics_daily, {load.series, load.interval, load.sample_size});
}

SignalPlan plan_metrics(const LoadInputs& in) {
  const Load& load = in.load;
  SignalPlan out;
  out.name = "metrics";
  out.item = "series";
  out.rate = given("active series", load.series.value, "series", load.series.source);
  out.daily = metrics_daily(in);
  if (in.model != Model::table) {
    out.raw = out.daily;
  }
  out.retention = load.metric_days;
  out.stored = stored_over(out.daily, load.metric_days, load, out.name);
  return out;
}

SignalPlan plan_logs(const LoadInputs& in) {
  const Load& load = in.load;
  SignalPlan out;
  out.name = "logs";
  out.item = "lines";
  out.rate = given("log lines received", load.lines.value, "lines/s", load.lines.source);
  if (in.model == Model::table) {
    out.daily =
        by_table(out.name, in.tier.daily.logs.gb(), load.lines, in.tier.rates.lines.per_second);
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

std::vector<SignalPlan> plan_signals(const LoadInputs& in) {
  return {plan_traces(in), plan_metrics(in), plan_logs(in)};
}

}  // namespace obsctl::sizing
