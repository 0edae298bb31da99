// SPDX-License-Identifier: Apache-2.0
// The catalog's measures are those that a calibration keeps and that formulas read.
#include <doctest/doctest.h>

#include <algorithm>

#include "lib/sizing/formulas.hpp"
#include "lib/sizing/load.hpp"

using namespace obsctl;
using namespace obsctl::sizing;

TEST_CASE("every measure names a formula, and every calibrated value is a measure") {
  const auto measures = load_catalogs().value().measures;
  for (const auto& measure : measures) {
    CAPTURE(measure.name);
    CHECK(find_formula(measure.formula) != nullptr);
  }
  for (const char* name : {calibrated::spans, calibrated::lines, calibrated::samples,
                           calibrated::series, calibrated::streams, calibrated::span_size,
                           calibrated::sample_size, calibrated::line_size, calibrated::kept}) {
    CAPTURE(std::string(name));
    CHECK(std::ranges::find(measures, name, &catalog::Measure::name) != measures.end());
  }
}
