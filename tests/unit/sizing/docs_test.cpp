// SPDX-License-Identifier: Apache-2.0
// docs/sizing.md lists every formula, so that a reader of --explain finds it there.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "lib/sizing/formulas.hpp"

TEST_CASE("docs/sizing.md lists every formula with its expression") {
  std::ostringstream text;
  text << std::ifstream(OBSCTL_SOURCE_DIR "/docs/sizing.md").rdbuf();
  for (const auto& formula : obsctl::sizing::formulas()) {
    const std::string row = fmt::format("| {} | {} |", formula.id, formula.expression);
    CHECK_MESSAGE(text.str().find(row) != std::string::npos, row);
  }
}
