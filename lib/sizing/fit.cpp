// SPDX-License-Identifier: Apache-2.0
// Searches by halving: a plan never needs less for more load or a longer retention.
#include "lib/sizing/fit.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>

namespace obsctl::sizing {
namespace {

// Rounds down to two significant digits, so that a person can type it and it still fits.
double readable(double value) {
  if (value <= 0) {
    return 0;
  }
  const double step = std::pow(10, std::floor(std::log10(value)) - 1);
  return std::floor(value / step + 1e-9) * step;
}

std::string text_of(double value) {
  return print_count(std::round(value * 1000) / 1000);
}

Settings scaled_load(const SizingReport& report, double share) {
  Settings out;
  if (report.load.spans.value > 0) {
    out["traces.spans"] = text_of(readable(report.load.spans.value * share)) + "/s";
  }
  if (report.load.series.value > 0) {
    out["metrics.series"] = text_of(std::floor(readable(report.load.series.value * share)));
  }
  if (report.load.lines.value > 0) {
    out["logs.lines"] = text_of(readable(report.load.lines.value * share)) + "/s";
  }
  return out;
}

Settings scaled_retention(const SizingReport& report, double share) {
  constexpr double k_day_hours = 24;
  const auto hours = [share](double days, double least) {
    return fmt::format("{:.0f}h", std::max(least, std::floor(days * k_day_hours * share)));
  };
  Settings out;
  const auto add = [&](const char* key, const Input& days, const Input& rate, double least) {
    if (rate.value > 0) {
      out[key] = hours(days.value, least);
    }
  };
  add("traces.retention", report.load.trace_days, report.load.spans, 1);
  add("metrics.retention", report.load.metric_days, report.load.series, 1);
  add("logs.retention", report.load.log_days, report.load.lines, k_day_hours);
  return out;
}

using Scale = std::function<Settings(const SizingReport&, double)>;
using Holds = std::function<bool(const HostPlan&)>;

std::optional<Settings> nearest(const StackSpec& spec, const Catalogs& catalogs, const Scale& scale,
                                const Holds& holds) {
  const auto asked = size_plan(spec, catalogs);
  if (!asked || !asked->host || holds(*asked->host)) {
    return Settings{};
  }
  const auto fits = [&](double share) {
    const auto report = size_plan(with_settings(spec, scale(*asked, share)), catalogs);
    return report && report->host && holds(*report->host);
  };
  constexpr double k_least = 1e-4;
  if (!fits(k_least)) {
    return std::nullopt;
  }
  double low = k_least;
  double high = 1;
  constexpr int k_halvings = 20;
  for (int i = 0; i < k_halvings; ++i) {
    const double middle = (low + high) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return scale(*asked, low);
}

}  // namespace

StackSpec with_settings(StackSpec spec, const Settings& settings) {
  for (const auto& [key, value] : settings) {
    [[maybe_unused]] const auto set = set_field(spec, key, value);
  }
  return spec;
}

std::optional<Settings> nearest_load(const StackSpec& spec, const Catalogs& catalogs) {
  return nearest(spec, catalogs, scaled_load,
                 [](const HostPlan& host) { return host.holds_cpus() && host.holds_memory(); });
}

std::optional<Settings> nearest_retention(const StackSpec& spec, const Catalogs& catalogs) {
  return nearest(spec, catalogs, scaled_retention,
                 [](const HostPlan& host) { return host.holds_disk(); });
}

}  // namespace obsctl::sizing
