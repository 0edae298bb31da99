// SPDX-License-Identifier: Apache-2.0
// Derives settings from amounts.
#include "lib/sizing/settings.hpp"

#include <fmt/format.h>

namespace obsctl::sizing {
namespace {

// `amount` in the setting's unit: GB become MiB or bytes.
Input in_unit(Input amount, const std::string& unit) {
  if (amount.unit != "GB") {
    return amount;
  }
  constexpr double k_gb = 1e9;
  constexpr double k_mib = 1024.0 * 1024.0;
  if (unit == "MiB" || unit == "B") {
    amount.value *= unit == "MiB" ? k_gb / k_mib : k_gb;
    amount.unit = unit;
  }
  return amount;
}

double direction(catalog::Rounding rounding) {
  switch (rounding) {
    case catalog::Rounding::up: return 1;
    case catalog::Rounding::down: return -1;
    case catalog::Rounding::none: break;
  }
  return 0;
}

Quantity derive(const catalog::SettingRule& rule, const std::string& component,
                const Amounts& amounts) {
  const Input over =
      rule.over.empty() ? Input{"divisor", 1, "", "not divided"} : amounts.at(rule.over);
  Quantity out = calc("S01", rule.name,
                      {in_unit(amounts.at(rule.of), rule.unit),
                       {"factor", rule.times, "", rule.why},
                       over,
                       {"floor", rule.floor, rule.unit, rule.why},
                       {"rounding", direction(rule.round), "", "-1 down, 0 not, 1 up"}},
                      rule.unit);
  out.key = fmt::format("{}.{}", component, rule.name);
  out.why = rule.why;
  out.url = rule.url;
  out.place = rule.in;
  return out;
}

}  // namespace

std::vector<Quantity> derive_settings(const Selected& component, const ComponentInputs& in,
                                      const Amounts& load, const ComponentPlan& plan) {
  Amounts amounts = load;
  amounts["cores"] = plan.cpus.chosen.input();
  amounts["memory"] = plan.memory.chosen.input();
  amounts["disk"] = plan.disk.chosen.input();
  std::vector<Quantity> out;
  for (const auto* rules : {&component.rules->settings, &in.catalogs.common_settings}) {
    for (const auto& rule : *rules) {
      out.push_back(derive(rule, component.name, amounts));
      amounts[rule.name] = out.back().input();
    }
  }
  for (const auto& kept : component.keeps) {
    const Input kept_for = kept_days(kept, in.load);
    const std::string name = fmt::format("{}_days", catalog::signal_name(kept.signal));
    Quantity days = given(name, kept_for.value, "days", kept_for.source);
    days.key = fmt::format("{}.{}", component.name, name);
    days.why = "how long it keeps them";
    out.push_back(std::move(days));
  }
  return out;
}

}  // namespace obsctl::sizing
