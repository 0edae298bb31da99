// SPDX-License-Identifier: Apache-2.0
// The text of a /metrics page: the Prometheus text format, and OpenMetrics as far as it says the
// same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/prom/sample.hpp"

namespace obsctl::prom {

// What a family says it is. `other` are the types that only OpenMetrics has.
enum class MetricType { untyped, counter, gauge, histogram, summary, other };

// The samples of one metric. Those of a histogram are named NAME_bucket (with a label `le` that is
// a number), NAME_sum and NAME_count; those of a summary NAME (with `quantile`), NAME_sum,
// NAME_count.
struct Family {
  std::string name;
  MetricType type = MetricType::untyped;
  std::string help = {};
  std::vector<Sample> samples = {};
};

// Families in the order of the page. A line that is wrong is an error with its number
// (Code::failed, because it is the server's mistake): half a page would look like a quiet service.
// `source` names the page in it. Exemplars are passed over.
[[nodiscard]] Result<std::vector<Family>> parse_exposition(std::string_view text,
                                                           const std::string& source);

// A counter's name without `_total`, which not every exporter writes.
[[nodiscard]] std::string_view without_total(std::string_view name);

}  // namespace obsctl::prom
