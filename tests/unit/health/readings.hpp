// SPDX-License-Identifier: Apache-2.0
// Evidence for tests, written as /metrics pages.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "lib/checks/evidence.hpp"
#include "lib/prom/exposition.hpp"
#include "lib/prom/otelcol.hpp"

namespace obsctl::health {

inline Samples samples_of(std::string_view page) {
  const auto families = prom::parse_exposition(page, "test");
  REQUIRE(families.has_value());
  Samples out;
  for (const auto& family : *families) {
    for (const Sample& sample : family.samples) {
      out.push_back(prom::in_one_form(sample));
    }
  }
  return out;
}

// Read twice, ten seconds apart.
inline Reading metrics_reading(const std::string& component, std::string_view before,
                               std::string_view after) {
  return Reading{.component = component,
                 .source = Source::metrics,
                 .from = "http://localhost:8888/metrics",
                 .samples = samples_of(after),
                 .before = samples_of(before),
                 .seconds = 10};
}

inline Reading reading(const std::string& component, Source source, std::string_view page) {
  return Reading{.component = component,
                 .source = source,
                 .from = std::string(name_of(source)),
                 .samples = samples_of(page)};
}

}  // namespace obsctl::health
