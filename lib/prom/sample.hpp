// SPDX-License-Identifier: Apache-2.0
// One value of one series, as a query answers it and as a /metrics page lists it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace obsctl::prom {

struct Sample {
  std::string name = {};  // of the metric; empty for what a query computed
  std::map<std::string, std::string> labels = {};
  double time = 0;   // unix seconds, 0 when it is not given
  double value = 0;  // may be NaN or infinite
};

// A value as Prometheus writes it: "1.5e-05", "NaN", "+Inf".
[[nodiscard]] std::optional<double> parse_value(std::string_view text);

}  // namespace obsctl::prom
