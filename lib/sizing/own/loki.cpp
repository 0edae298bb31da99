// SPDX-License-Identifier: Apache-2.0
// Loki: cores and memory between the published sizes, and its deployment mode.
#include <fmt/format.h>

#include "lib/sizing/own/registry.hpp"

namespace obsctl::sizing::own {
namespace {

constexpr const char* k_name = "loki";
constexpr const char* k_one_binary = "monolithic";
constexpr const char* k_deprecated = "simple scalable";

// A size between the published ones, without a step where one binary ends.
Quantity between(const ComponentInputs& in, const char* single, const char* small,
                 const char* large, const char* name, const char* unit) {
  return calc(
      "P08", name,
      {plan_of(in.signals, Signal::logs).daily.input(),
       constant(in, "loki_single_gb_day", "one binary", "GB/day"),
       constant(in, single, "takes", unit),
       constant(in, "loki_large_gb_day", "a cluster", "GB/day"), constant(in, small, "takes", unit),
       constant(in, "loki_largest_gb_day", "the largest", "GB/day"),
       constant(in, large, "takes", unit)},
      unit);
}

Quantity cores(const ComponentInputs& in) {
  return between(in, "loki_single_cores", "loki_cluster_cores", "loki_large_cores",
                 "log store cores", "cores");
}

Quantity memory(const ComponentInputs& in) {
  const Quantity gib = between(in, "loki_single_gib", "loki_cluster_gib", "loki_large_gib",
                               "log store memory", "GiB");
  return calc("D17", "log store memory",
              {gib.input(), {"GB per GiB", Bytes::from_gib(1).gb(), "GB", "definition"}}, "GB");
}

std::string mode_of(const catalog::ModelData& data, double gb_day) {
  return gb_day < data.rule("loki_monolithic_below").value         ? k_one_binary
         : gb_day <= data.rule("loki_simple_scalable_below").value ? k_deprecated
                                                                   : "microservices";
}

void add_mode(const ComponentInputs& in, SizingReport& out) {
  if (out.find(k_name) == nullptr) {
    return;
  }
  const catalog::ModelData& data = in.catalogs.models;
  const double daily = plan_of(out.signals, Signal::logs).daily.value;
  const double single = data.rule("loki_single_gb_day").value;
  out.loki_mode = mode_of(data, daily);
  if (out.loki_mode == k_one_binary && daily > single) {
    out.loki_note =
        fmt::format("; Loki itself says one binary carries about {:g} GB a day", single);
  } else if (out.loki_mode == k_deprecated) {
    out.loki_note = "; Loki has deprecated that mode, so take one binary or microservices";
  }
}

}  // namespace

OwnRules loki() {
  return {.component = k_name, .cores = cores, .memory = memory, .report = add_mode};
}

}  // namespace obsctl::sizing::own
